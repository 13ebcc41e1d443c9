// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QScrollArea;
class QWidget;

namespace mpo {

/// `content` as wide as there is room, with a scroll bar where it is higher; without a frame or a ground of its own.
QScrollArea* makeScroll(QWidget* content);

} // namespace mpo
