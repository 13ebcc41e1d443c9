// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <initializer_list>

class QWidget;

namespace mpo {

/// Lays a tab of the Split page out: the view, and on its right a column with what explains it from the top and its
/// buttons at the bottom.
void layOutWithSideColumn(QWidget* tab, QWidget* view, std::initializer_list<QWidget*> explanation,
    std::initializer_list<QWidget*> buttons = {});

} // namespace mpo
