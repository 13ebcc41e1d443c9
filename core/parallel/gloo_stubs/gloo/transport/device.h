// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Not the header of Gloo: LibTorch holds the library Gloo but not its headers, and the header of c10d that declares
// ProcessGroupGloo includes them. These are the names it needs to be read; none of these classes is used by our code,
// which only hands pointers to them from one function of c10d to another.
#pragma once

namespace gloo::transport {

class Device;
class UnboundBuffer;

} // namespace gloo::transport
