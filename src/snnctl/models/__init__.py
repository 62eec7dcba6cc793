"""Reading networks: run folders, ``.keras`` files and HDF5 files of Keras 2 and 3; only ``load.py`` spares Keras."""
