// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>

#include <cmath>

namespace mpo {

/// From `a` (share 0) to `b` (share 1); opaque.
inline QColor mixedColour(const QColor& a, const QColor& b, double share)
{
    const auto mixed = [&](int x, int y) { return int(std::lround((1.0 - share) * x + share * y)); };
    return {mixed(a.red(), b.red()), mixed(a.green(), b.green()), mixed(a.blue(), b.blue())};
}

} // namespace mpo
