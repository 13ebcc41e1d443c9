#include "core/model/packed_batch.h"
