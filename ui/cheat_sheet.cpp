// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cheat_sheet.h"

#include "ui/style.h"

#include <QGraphicsDropShadowEffect>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QVBoxLayout>

#include <array>
#include <vector>

namespace mpo {

namespace {

struct Key
{
    const char *keys, *what;
};

struct Place
{
    const char* title;
    std::vector<Key> keys;
};

/// By column.
const std::array<std::vector<Place>, 2>& places()
{
    static const std::array<std::vector<Place>, 2> all {
        {{
             {QT_TRANSLATE_NOOP("mpo::CheatSheet", "Everywhere"),
                 {{"Ctrl+1 … 8", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Data, Reward model … Runs, Models")},
                     {"Ctrl+O", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Import data")},
                     {"Ctrl+Shift+O, N", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Open another project, a new one")},
                     {"Ctrl+F", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Search pairs, runs or metrics")},
                     {"Ctrl+P", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Pause or continue what is running")},
                     {"Ctrl+Shift+S", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Write a checkpoint now")},
                     {"Ctrl+T, Ctrl+Q", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Light or dark, quit")},
                     {"F1", QT_TRANSLATE_NOOP("mpo::CheatSheet", "This card")}}},
             {QT_TRANSLATE_NOOP("mpo::CheatSheet", "Training"),
                 {{"Ctrl+Enter", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Start")},
                     {"Ctrl+Z, Ctrl+Shift+Z",
                         QT_TRANSLATE_NOOP("mpo::CheatSheet", "Undo, redo a preset, loading, defaults")}}},
             {QT_TRANSLATE_NOOP("mpo::CheatSheet", "Charts"),
                 {{"Left, Right", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Read values (Shift: ten at a time)")},
                     {"+, −, 0", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Zoom in, out, show everything")},
                     {"Drag, double click", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Zoom into a box, show everything")},
                     {"Menu, right click", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Log axis, save as PNG, SVG, CSV")}}},
             {QT_TRANSLATE_NOOP("mpo::CheatSheet", "Runs"),
                 {{"Del, Ctrl+Z", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Delete the chosen runs, undo")},
                     {"Arrows, Enter", QT_TRANSLATE_NOOP("mpo::CheatSheet", "In the lineage: to a card, open it")}}},
         },
            {
                {QT_TRANSLATE_NOOP("mpo::CheatSheet", "Split"),
                    {{"Left, Right",
                         QT_TRANSLATE_NOOP("mpo::CheatSheet", "Move the threshold (Shift: ten times as far)")},
                        {"Home, End, Page", QT_TRANSLATE_NOOP("mpo::CheatSheet", "To an end, by a large step")},
                        {"Up, Down", QT_TRANSLATE_NOOP("mpo::CheatSheet", "The other handle")},
                        {"H", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Hide the histogram, show it again")},
                        {"F, D, K", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Flip, drop or keep the selected pairs")},
                        {"Ctrl+Z, Ctrl+Shift+Z", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Undo, redo of that")}}},
                {QT_TRANSLATE_NOOP("mpo::CheatSheet", "Evaluate"),
                    {{"1, 2, 0", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Left is better, right is, a tie (arrows too)")},
                        {"B, Space", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Both bad, skip")},
                        {"3, 4, 5", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Slightly, clearly, much better")},
                        {"Q, W, E, Down",
                            QT_TRANSLATE_NOOP("mpo::CheatSheet", "Criterion: left, tie, right; the next")},
                        {"F, C", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Flag, comment")},
                        {"P, R, T", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Pause, raw text, last turn only")},
                        {"Backspace", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Undo")},
                        {"Page up, down",
                            QT_TRANSLATE_NOOP("mpo::CheatSheet", "Scroll the answers (Shift: the prompt)")},
                        {"Enter, Esc", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Start or end a session, leave it")}}},
                {QT_TRANSLATE_NOOP("mpo::CheatSheet", "Models"),
                    {{"Enter", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Chat: send (Shift: a new line)")},
                        {"Ctrl+Enter", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Score the answers")}}},
            }}};
    return all;
}

QWidget* makeColumn(const std::vector<Place>& places)
{
    auto* column = new QWidget;
    auto* grid = new QGridLayout(column);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(2 * kSpace);
    grid->setVerticalSpacing(kSpace / 2);
    int row = 0;
    for (const Place& place : places) {
        auto* title = new QLabel(CheatSheet::tr(place.title));
        setRole(title, "group");
        title->setContentsMargins(0, row > 0 ? kSpace : 0, 0, 0);
        grid->addWidget(title, row++, 0, 1, 2);
        for (const Key& key : place.keys) {
            auto* keys = new QLabel(QString::fromUtf8(key.keys));
            keys->setFont(monospaceFont());
            grid->addWidget(keys, row, 0);
            auto* what = makeHint(CheatSheet::tr(key.what));
            what->setWordWrap(false);
            grid->addWidget(what, row++, 1);
        }
    }
    grid->setRowStretch(row, 1);
    return column;
}

} // namespace

CheatSheet::CheatSheet(QWidget* parent)
    : QFrame(parent)
{
    setRole(this, "card");
    setFocusPolicy(Qt::StrongFocus);
    auto* shadow = new QGraphicsDropShadowEffect(this);
    shadow->setBlurRadius(48);
    shadow->setOffset(0, 8);
    shadow->setColor(QColor(0, 0, 0, 110));
    setGraphicsEffect(shadow);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kPageMargin, kPageMargin, kPageMargin, kPageMargin);
    layout->setSpacing(2 * kSpace);
    layout->addWidget(makeHeading(tr("Keys")));
    auto* columns = new QHBoxLayout;
    columns->setSpacing(2 * kPageMargin);
    for (const std::vector<Place>& column : places())
        columns->addWidget(makeColumn(column));
    layout->addLayout(columns);
    hide();
    parent->installEventFilter(this);
}

void CheatSheet::toggle()
{
    if (isVisible()) {
        putAway();
        return;
    }
    m_before = window()->focusWidget();
    adjustSize();
    place();
    show();
    raise();
    setFocus();
}

void CheatSheet::putAway()
{
    if (m_before)
        m_before->setFocus();
    hide();
}

void CheatSheet::place() { move((parentWidget()->width() - width()) / 2, (parentWidget()->height() - height()) / 2); }

void CheatSheet::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape)
        putAway();
    else
        QFrame::keyPressEvent(event);
}

void CheatSheet::mousePressEvent(QMouseEvent*) { putAway(); }

bool CheatSheet::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::Resize)
        place();
    return QFrame::eventFilter(watched, event);
}

} // namespace mpo
