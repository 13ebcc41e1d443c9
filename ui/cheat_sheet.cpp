// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cheat_sheet.h"

#include "ui/style.h"

#include <QGraphicsDropShadowEffect>
#include <QGridLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QVBoxLayout>

#include <array>

namespace mpo {

namespace {

struct Key
{
    const char *keys, *what;
};
constexpr std::array kKeys {
    Key {"Ctrl+1 … Ctrl+8",
        QT_TRANSLATE_NOOP("mpo::CheatSheet", "Data, Reward model, Split, DPO, PPO, Evaluate, Runs, Models")},
    Key {"Ctrl+O", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Import data")},
    Key {"Ctrl+Shift+O", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Open another project")},
    Key {"Ctrl+Shift+N", QT_TRANSLATE_NOOP("mpo::CheatSheet", "New project")},
    Key {"Ctrl+P", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Pause or continue what is running")},
    Key {"Ctrl+T", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Light or dark")},
    Key {"F1", QT_TRANSLATE_NOOP("mpo::CheatSheet", "This card")},
    Key {"Chart: drag, double click", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Zoom into a box, show everything again")},
    Key {"Chart: right click", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Log axis, save as PNG, SVG or CSV")},
    Key {"Split: Left, Right", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Move the threshold")},
    Key {"Split: F, D, K",
        QT_TRANSLATE_NOOP("mpo::CheatSheet", "Flip, drop or keep the selected pairs (Ctrl+A, Shift: several)")},
    Key {"Split: Ctrl+Z, Ctrl+Shift+Z", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Undo and redo of that")},
    Key {"Training: Ctrl+Z", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Undo a preset, loaded settings or defaults")},
    Key {"Evaluate: 1, 2, 0", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Left is better, right is better, a tie")},
    Key {"Evaluate: B, Space, Backspace, C",
        QT_TRANSLATE_NOOP("mpo::CheatSheet", "Both bad, skip, undo, comment; Enter starts and ends a session")},
    Key {"Evaluate: Q, W, E, Down",
        QT_TRANSLATE_NOOP("mpo::CheatSheet", "Marked criterion: left, tie, right; mark the next one")},
    Key {"Evaluate: 3, 4, 5, F",
        QT_TRANSLATE_NOOP("mpo::CheatSheet", "Slightly, clearly, much better; flag for a later look")},
    Key {"Runs: Ctrl+F, Del, Ctrl+Z", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Search, delete the chosen runs, undo")},
    Key {"Lineage: arrows, Enter", QT_TRANSLATE_NOOP("mpo::CheatSheet", "Move from card to card, go to it")},
};

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
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(kPageMargin);
    grid->setVerticalSpacing(kSpace);
    int row = 0;
    for (const Key& key : kKeys) {
        auto* keys = new QLabel(QString::fromUtf8(key.keys));
        keys->setFont(monospaceFont());
        grid->addWidget(keys, row, 0);
        auto* what = makeHint(tr(key.what));
        what->setWordWrap(false);
        grid->addWidget(what, row++, 1);
    }
    layout->addLayout(grid);
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
