// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QIcon>
#include <QList>
#include <QString>

class QApplication;
class QFrame;
class QLabel;
class QTableView;
class QWidget;

namespace mpo {

enum class Theme { System, Light, Dark };

/// Every colour of the window by meaning. Read again on QEvent::PaletteChange.
struct Colours
{
    bool dark = false;
    QColor window, surface, raised, border, grid; ///< raised: hover and selected rows
    QColor text, muted, faint; ///< faint: disabled, axis labels
    QColor accent, onAccent;
    QColor easy, hard, contradictory; ///< buckets of the split
    QColor chosen, rejected;
    QColor good, warning, bad;
    QList<QColor> series; ///< curves in a chart, in order; told apart without red against green
};
const Colours& colours(); ///< of the theme in use

/// Distances in pixels: everything is a multiple of kSpace or half of it.
inline constexpr int kSpace = 8;
inline constexpr int kPageMargin = 3 * kSpace;
inline constexpr int kRadius = 6;

/// Type scale, in pixels of the unscaled screen.
inline constexpr int kFontBase = 13, kFontSmall = 12, kFontHeading = 15, kFontTitle = 20;
QFont fontOfSize(int pixels, QFont::Weight weight = QFont::Normal);
QFont monospaceFont();

/// Fusion, our palette and a short style sheet. May be called again to change the theme.
void applyStyle(QApplication& application, Theme theme);
Theme theme(); ///< as asked for

/// What a widget is, for the style sheet: "title", "heading", "group", "hint", "error", "warning", "value", "changed",
/// "primary", "danger", "quiet", "link", "card", "rail", "bar", "strip", "reading", "log", "flat".
void setRole(QWidget* widget, const char* role);

QLabel* makeTitle(const QString& text, QWidget* parent = nullptr); ///< of a page
QLabel* makeHeading(const QString& text, QWidget* parent = nullptr); ///< of a section
QLabel* makeHint(const QString& text, QWidget* parent = nullptr); ///< muted, wraps
QFrame* makeCard(QWidget* parent = nullptr); ///< a framed surface without a layout

/// resources/icons/NAME.svg in a colour of the theme (muted; invalid: the text colour).
QIcon themedIcon(const QString& name, const QColor& colour = {});

/// The look of every table: no grid, whole rows, comfortable height.
void setTableLook(QTableView* table);

} // namespace mpo
