// stage/stages
