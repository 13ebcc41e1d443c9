// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// Message lists: {"prompt", "chosen", "rejected"}, or whole dialogues in "chosen" and "rejected".
DatasetFormat messagesFormat();

} // namespace mpo
