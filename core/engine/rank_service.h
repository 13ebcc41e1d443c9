// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>

namespace mpo {

/// Whether a launcher (torchrun) started this process as another rank than 0. Throws Error: its variables make no
/// sense.
bool isLaterRank();

/// What such a process does: the part of each job of rank 0 that falls to it, until rank 0 has no more. It writes
/// nothing and tells nothing. Throws Error with what the user should know and rank 0 cannot tell any more; returns
/// false when rank 0 tells why it did not end well.
bool serveAsRank(std::stop_token stop);

} // namespace mpo
