// evaluation/statistics
