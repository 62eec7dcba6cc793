"""The verbs: what train, convert, finetune and eval mean. Importing this package imports no TensorFlow."""
