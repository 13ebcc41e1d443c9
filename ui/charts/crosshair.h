// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include <optional>

namespace mpo {

/// The place under the pointer, shared by all charts of a page: they show their values there together.
class Crosshair : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    void moveTo(std::optional<double> x)
    {
        if (x == m_x)
            return;
        m_x = x;
        Q_EMIT moved(x);
    }

Q_SIGNALS:
    void moved(std::optional<double> x); ///< empty: the pointer has left

private:
    std::optional<double> m_x;
};

} // namespace mpo
