// support/error
