// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>

class QWidget;

namespace mpo {

class Page;

/// Marks a widget whose state is found again at the next start; `name` is its own within its page. For splitters, tabs,
/// combo boxes with fixed entries, sliders, text fields, what can be checked, and the sorting of tables.
void keepState(QWidget* widget, const char* name);

/// What the kept widgets of a page show, and Page::choices(). Pages within the page look after themselves.
QJsonObject viewState(const Page& page);

/// Entries that do not fit (an older version, a widget that is gone) are left out.
void restoreViewState(Page& page, const QJsonObject& state);

} // namespace mpo
