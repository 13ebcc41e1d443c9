// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/writer_banner.h"

#include "core/store/project.h"
#include "ui/elided_label.h"
#include "ui/format.h"
#include "ui/style.h"

#include <QHBoxLayout>
#include <QPushButton>

namespace mpo {

namespace {

constexpr int kLookMilliseconds = 1000;

} // namespace

WriterBanner::WriterBanner(EngineBridge& bridge, QWidget* parent)
    : QWidget(parent)
    , m_bridge(bridge)
    , m_text(new ElidedLabel(this))
    , m_write(new QPushButton(tr("Open for writing"), this))
{
    setRole(this, "strip");
    setAttribute(Qt::WA_StyledBackground);
    setRole(m_write, "primary");
    m_write->setObjectName(QStringLiteral("write"));
    m_write->setToolTip(tr("Take the project over, now that no other program writes to it"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(kPageMargin, kSpace / 2, 2 * kSpace, kSpace / 2);
    layout->setSpacing(2 * kSpace);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_write);
    setFixedHeight(5 * kSpace);
    connect(m_write, &QPushButton::clicked, this, &WriterBanner::writingRequested);
    connect(&bridge, &EngineBridge::writerChanged, this, &WriterBanner::showState);
    connect(&m_timer, &QTimer::timeout, this, &WriterBanner::showState);
    m_timer.start(kLookMilliseconds);
    showState();
}

QString WriterBanner::text() const { return m_text->text(); }

void WriterBanner::showState()
{
    const std::optional<WriterState>& writer = m_bridge.writer();
    const std::optional<long> process = writingProcess(m_bridge.project().folder());
    QString sentence;
    if (process && writer && writer->busy)
        sentence = tr("Read only: %1 (process %2) works on this project. It is shown live; Pause, Checkpoint and Stop "
                      "below ask it.")
                       .arg(toQString(writer->program))
                       .arg(writer->process);
    else if (process)
        sentence = tr("Read only: %1 (process %2) has this project open for writing.")
                       .arg(writer && !writer->program.empty() ? toQString(writer->program) : tr("another program"))
                       .arg(*process);
    else
        sentence = tr("Read only: the program that wrote to this project has ended.");
    m_text->setText(sentence);
    m_text->setToolTip(sentence);
    m_write->setVisible(!process);
}

} // namespace mpo
