// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QTableWidget;
class QString;

namespace mpo {

struct ReportTable;

/// A small table of text that is read whole: as high as its rows, without a scroll bar of its own.
QTableWidget* makeReportTable(const QString& accessibleName);
/// Puts other rows into it; a table without rows hides it. Columns of numbers stand to the right.
void showReportTable(QTableWidget* widget, const ReportTable& table);

} // namespace mpo
