"""Data sets: what one is, where its files are found, how they are read and preprocessed. No TensorFlow here."""
