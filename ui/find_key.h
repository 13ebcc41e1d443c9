// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QLineEdit;
class QWidget;

namespace mpo {

/// Ctrl+F on the page, or on anything in it, goes to this text field; its tool tip says so.
void setFindKey(QWidget* page, QLineEdit* edit);

} // namespace mpo
