// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/closing_dialog.h"

#include "ui/style.h"

#include <QGridLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

namespace mpo {

namespace {

constexpr int kWidth = 560;
constexpr int kButtonWidth = 168;

} // namespace

ClosingDialog::ClosingDialog(const Offer& offer, QWidget* parent)
    : QDialog(parent)
    , m_choices(new QWidget(this))
    , m_waiting(new QWidget(this))
{
    setWindowTitle(tr("Close the window"));
    setMinimumWidth(kWidth);
    auto* rows = new QVBoxLayout(m_choices);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(2 * kSpace);
    rows->addWidget(makeHeading(tr("Something is running"), this));
    auto* what = makeHint(offer.what, this);
    rows->addWidget(what);
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(2 * kSpace);
    grid->setVerticalSpacing(kSpace);
    grid->setColumnStretch(1, 1);
    const auto add = [&](const char* name, const QString& text, const QString& explanation, Choice choice) {
        auto* button = new QPushButton(text, m_choices);
        button->setObjectName(QLatin1String(name));
        button->setFixedWidth(kButtonWidth);
        button->setAutoDefault(true); // Return presses the one that has the focus
        const int row = grid->rowCount();
        grid->addWidget(button, row, 0, Qt::AlignTop);
        auto* label = makeHint(explanation, m_choices);
        label->setBuddy(button);
        button->setAccessibleDescription(explanation);
        grid->addWidget(label, row, 1);
        connect(button, &QPushButton::clicked, this, [this, choice] { Q_EMIT chosen(choice); });
        return button;
    };
    QPushButton* first = nullptr;
    if (offer.background) {
        first = add("background", tr("&Keep it running"),
            tr("It goes on in the background, with the same results, and this window follows it when it is opened "
               "again."),
            Choice::Background);
        setRole(first, "primary");
    }
    QPushButton* pause = nullptr;
    if (offer.resumable)
        pause = add("pause", tr("&Pause it"),
            tr("It is ended with a checkpoint and marked as paused. Continue takes it up again."), Choice::Pause);
    QPushButton* stop = add("stop", tr("&Stop it"),
        offer.resumable ? tr("It is ended with a checkpoint, from which it can be resumed.")
                        : tr("It is ended. What it has done so far is lost."),
        Choice::Stop);
    setRole(stop, "danger");
    auto* cancel = new QPushButton(tr("Cancel"), m_choices);
    cancel->setObjectName(QStringLiteral("cancel"));
    cancel->setFixedWidth(kButtonWidth);
    cancel->setAutoDefault(true);
    grid->addWidget(cancel, grid->rowCount(), 0);
    connect(cancel, &QPushButton::clicked, this, &ClosingDialog::reject);
    rows->addLayout(grid);
    (first ? first : pause ? pause : cancel)->setDefault(true);
    (first ? first : pause ? pause : cancel)->setFocus();

    auto* waiting = new QVBoxLayout(m_waiting);
    waiting->setContentsMargins(0, 0, 0, 0);
    waiting->setSpacing(2 * kSpace);
    m_sentence = new QLabel(m_waiting);
    m_sentence->setWordWrap(true);
    auto* bar = new QProgressBar(m_waiting);
    bar->setRange(0, 0);
    bar->setTextVisible(false);
    waiting->addWidget(m_sentence);
    waiting->addWidget(bar);
    m_waiting->hide();

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(3 * kSpace, 3 * kSpace, 3 * kSpace, 3 * kSpace);
    layout->addWidget(m_choices);
    layout->addWidget(m_waiting);
}

void ClosingDialog::wait(const QString& sentence)
{
    m_isWaiting = true;
    m_choices->hide();
    m_sentence->setText(sentence);
    m_waiting->show();
    adjustSize();
}

void ClosingDialog::reject()
{
    if (!m_isWaiting)
        QDialog::reject();
}

} // namespace mpo
