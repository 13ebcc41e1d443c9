// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/tensor_file.h"
#include "core/parallel/communicator.h"

namespace mpo {

/// Adds up the gradients of all ranks; a parameter has one afterwards if it has one on any rank.
void sumGradients(const NamedTensors& parameters, Communicator& communicator);

} // namespace mpo
