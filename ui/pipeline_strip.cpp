// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pipeline_strip.h"

#include "ui/format.h"
#include "ui/style.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>

namespace mpo {

/// A short bar for each step: done, running, to come.
class PipelineStrip::Marks : public QWidget
{
public:
    using QWidget::QWidget;

    void set(int step, int steps)
    {
        m_step = step;
        m_steps = steps;
        setFixedSize(std::max(1, steps) * 22, 3 * kSpace);
        update();
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        const Colours& c = colours();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        for (int i = 0; i < m_steps; ++i) {
            painter.setBrush(i + 1 < m_step ? c.good : i + 1 == m_step ? c.accent : c.border);
            painter.drawRoundedRect(QRectF(i * 22.0, height() / 2.0 - 2.5, 18.0, 5.0), 2.5, 2.5);
        }
    }

private:
    int m_step = 0, m_steps = 0;
};

PipelineStrip::PipelineStrip(QWidget* parent)
    : QWidget(parent)
    , m_marks(new Marks(this))
    , m_title(new QLabel(this))
    , m_follow(new QPushButton(tr("Follow"), this))
    , m_result(new QPushButton(tr("See the result"), this))
    , m_close(new QPushButton(tr("Close"), this))
{
    setRole(this, "strip");
    setAttribute(Qt::WA_StyledBackground);
    setRole(m_result, "primary");
    setRole(m_close, "quiet");
    m_title->setMinimumWidth(1); // a long sentence must not widen the window
    m_follow->setToolTip(tr("Go to the page of the running stage and on with it"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(kPageMargin, kSpace / 2, 2 * kSpace, kSpace / 2);
    layout->setSpacing(2 * kSpace);
    layout->addWidget(m_marks);
    layout->addWidget(m_title, 1);
    layout->addWidget(m_follow);
    layout->addWidget(m_result);
    layout->addWidget(m_close);
    setFixedHeight(5 * kSpace);
    connect(m_follow, &QPushButton::clicked, this, &PipelineStrip::followRequested);
    connect(m_result, &QPushButton::clicked, this, &PipelineStrip::resultRequested);
    connect(m_close, &QPushButton::clicked, this, &PipelineStrip::closed);
}

void PipelineStrip::showStep(const PipelineStep& step)
{
    m_step = step.step;
    m_hasResult = false;
    m_marks->set(step.step, step.steps);
    m_title->setText(
        tr("<b>%1</b> &nbsp; step %2 of %3").arg(toQString(step.title).toHtmlEscaped()).arg(step.step).arg(step.steps));
    m_title->setToolTip({});
    m_result->hide();
    m_close->hide();
    show();
}

void PipelineStrip::finish(const QString& sentence, bool success)
{
    if (success)
        m_marks->set(1000, m_marks->width() / 22);
    m_title->setText(sentence.toHtmlEscaped());
    m_title->setToolTip(sentence);
    m_follow->hide();
    m_hasResult = success;
    m_result->setVisible(success && !m_resultShown);
    m_close->show();
}

void PipelineStrip::setResultShown(bool shown)
{
    m_resultShown = shown;
    m_result->setVisible(m_hasResult && !shown);
}

void PipelineStrip::setFollowing(bool following) { m_follow->setVisible(!following); }

} // namespace mpo
