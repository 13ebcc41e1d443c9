// data/dataset
