// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/start_page.h"

#include "ui/style.h"

#include <QDragEnterEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMimeData>
#include <QPushButton>
#include <QStyle>
#include <QUrl>
#include <QVBoxLayout>

namespace mpo {

namespace {

constexpr int kCardWidth = 320;

QFrame* makeChoice(const QString& title, const QString& sentence, QPushButton* button)
{
    QFrame* card = makeCard();
    card->setFixedSize(kCardWidth, 24 * kSpace);
    auto* layout = new QVBoxLayout(card);
    layout->setContentsMargins(kPageMargin, kPageMargin, kPageMargin, kPageMargin);
    layout->setSpacing(kSpace);
    layout->addWidget(makeHeading(title));
    layout->addWidget(makeHint(sentence));
    layout->addStretch(1);
    layout->addWidget(button, 0, Qt::AlignLeft);
    return card;
}

QString fileIn(const QMimeData* data)
{
    return data->hasUrls() && data->urls().first().isLocalFile() ? data->urls().first().toLocalFile() : QString();
}

} // namespace

StartPage::StartPage(QWidget* parent)
    : QWidget(parent)
{
    setAcceptDrops(true);
    auto* demo = new QPushButton(tr("Try the demo"));
    demo->setObjectName(QStringLiteral("demo"));
    setRole(demo, "primary");
    auto* open = new QPushButton(tr("Open data…"));
    open->setObjectName(QStringLiteral("open"));

    auto* choices = new QHBoxLayout;
    choices->setSpacing(2 * kSpace);
    choices->addStretch(1);
    choices->addWidget(makeChoice(tr("See how it works"),
        tr("Trains a small model through every step on made-up data with a known truth; takes some minutes, needs no "
           "download."),
        demo));
    m_dropCard = makeChoice(tr("Start with your data"),
        tr("Import a file with prompts and two responses each, one preferred; or drop the file here."), open);
    choices->addWidget(m_dropCard);
    choices->addStretch(1);

    auto* title = makeTitle(tr("Mixed Preference Optimization"));
    title->setAlignment(Qt::AlignCenter);
    auto* sentence = makeHint(tr("Train a reward model, split the pairs by reward gap, DPO on the easy ones, PPO on "
                                 "the hard ones, and judge the result."));
    sentence->setAlignment(Qt::AlignCenter);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kPageMargin, kPageMargin, kPageMargin, kPageMargin);
    layout->setSpacing(kSpace);
    layout->addStretch(2);
    layout->addWidget(title);
    layout->addWidget(sentence);
    layout->addSpacing(2 * kSpace);
    layout->addLayout(choices);
    layout->addStretch(3);
    connect(demo, &QPushButton::clicked, this, &StartPage::demoChosen);
    connect(open, &QPushButton::clicked, this, &StartPage::openChosen);
}

void StartPage::markDrop(bool on)
{
    m_dropCard->setProperty("drop", on);
    m_dropCard->style()->unpolish(m_dropCard);
    m_dropCard->style()->polish(m_dropCard);
}

void StartPage::dragEnterEvent(QDragEnterEvent* event)
{
    if (fileIn(event->mimeData()).isEmpty())
        return;
    markDrop(true);
    event->acceptProposedAction();
}

void StartPage::dragLeaveEvent(QDragLeaveEvent*) { markDrop(false); }

void StartPage::dropEvent(QDropEvent* event)
{
    markDrop(false);
    Q_EMIT fileDropped(fileIn(event->mimeData()));
}

} // namespace mpo
