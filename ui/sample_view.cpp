// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/sample_view.h"

#include "ui/format.h"
#include "ui/style.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QScrollBar>
#include <QSignalBlocker>
#include <QSlider>
#include <QTextBrowser>
#include <QVBoxLayout>

#include <iterator>

namespace mpo {

SampleView::SampleView(QWidget* parent)
    : QWidget(parent)
    , m_slider(new QSlider(Qt::Horizontal, this))
    , m_step(new QLabel(this))
    , m_text(new QTextBrowser(this))
    , m_empty(makeHint(tr("Responses sampled during the run appear here. PPO keeps some of each rollout."), this))
{
    m_slider->setPageStep(1);
    m_slider->setAccessibleName(tr("Step of the samples"));
    m_step->setMinimumWidth(14 * kSpace);
    m_empty->setAlignment(Qt::AlignCenter);
    m_text->setOpenLinks(false);
    m_text->document()->setDocumentMargin(2 * kSpace);
    auto* row = new QHBoxLayout;
    row->addWidget(m_step);
    row->addWidget(m_slider, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addLayout(row);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_empty, 1);
    connect(m_slider, &QSlider::valueChanged, this, &SampleView::showStep);
    updateSlider(true);
}

void SampleView::setSamples(const std::vector<SampleRow>& samples)
{
    m_steps.clear();
    for (const SampleRow& sample : samples)
        m_steps[sample.step].push_back(sample);
    updateSlider(true);
}

void SampleView::append(const std::vector<SampleRow>& samples)
{
    const bool atEnd = m_slider->value() == m_slider->maximum();
    for (const SampleRow& sample : samples) {
        auto& step = m_steps[sample.step];
        // A resumed run repeats steps.
        std::erase_if(step, [&](const SampleRow& other) { return other.item == sample.item; });
        step.push_back(sample);
    }
    updateSlider(atEnd);
}

void SampleView::updateSlider(bool toEnd)
{
    const bool empty = m_steps.empty();
    m_slider->setVisible(!empty);
    m_step->setVisible(!empty);
    m_text->setVisible(!empty);
    m_empty->setVisible(empty);
    {
        const QSignalBlocker blocker(m_slider);
        m_slider->setRange(0, std::max(0, int(m_steps.size()) - 1));
        if (toEnd)
            m_slider->setValue(m_slider->maximum());
    }
    showStep();
}

void SampleView::showStep()
{
    if (m_steps.empty())
        return;
    const auto found = std::next(m_steps.begin(), m_slider->value());
    m_step->setText(tr("Step %1").arg(formatCount(found->first)));
    const Colours& c = colours();
    QString html;
    for (const SampleRow& sample : found->second) {
        const auto escaped = [](const std::string& text) {
            return toQString(text).trimmed().toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>"));
        };
        const QString score = sample.score ? tr("score&nbsp;%1").arg(formatNumber(*sample.score, 3)) : QString();
        html += QStringLiteral("<table width='100%' cellspacing='0' cellpadding='0' "
                               "style='margin-top:%6px'><tr><td><span style='color:%1'>%2</span></td>"
                               "<td align='right' width='110'><span style='color:%3'>%4</span></td></tr></table>"
                               "<p style='margin-top:2px; margin-bottom:0'>%5</p>")
                    .arg(c.muted.name(), escaped(sample.prompt), c.accent.name(), score, escaped(sample.response))
                    .arg(html.isEmpty() ? 0 : 3 * kSpace);
    }
    const int scrolled = m_text->verticalScrollBar()->value();
    m_text->setHtml(html);
    m_text->verticalScrollBar()->setValue(scrolled);
}

void SampleView::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        showStep();
}

} // namespace mpo
