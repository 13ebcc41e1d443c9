// engine/engine
