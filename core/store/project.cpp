// store/project
