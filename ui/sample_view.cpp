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

#include <algorithm>
#include <iterator>
#include <utility>

namespace mpo {

SampleView::SampleView(QWidget* parent)
    : QWidget(parent)
    , m_slider(new QSlider(Qt::Horizontal, this))
    , m_step(new QLabel(this))
    , m_text(new QTextBrowser(this))
    , m_noScores(makeHint(tr("No reward model is known for this run, so responses have no scores."), this))
    , m_empty(makeHint(
          tr("What the policy answers to a few fixed prompts while it trains appears here (sample_prompts)."), this))
{
    m_slider->setPageStep(1);
    m_text->setAccessibleName(tr("Responses to the fixed prompts"));
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
    layout->addWidget(m_noScores);
    layout->addWidget(m_empty, 1);
    connect(m_slider, &QSlider::valueChanged, this, &SampleView::showStep);
    updateSlider(true);
}

void SampleView::setSamples(const std::vector<SampleRow>& samples)
{
    m_steps.clear();
    m_reference.clear();
    append(samples);
    updateSlider(true);
}

void SampleView::append(const std::vector<SampleRow>& samples)
{
    const bool atEnd = m_slider->value() == m_slider->maximum();
    for (const SampleRow& sample : samples) {
        if (sample.byReference) {
            m_reference[sample.item] = sample;
            continue;
        }
        auto& step = m_steps[sample.step];
        // A resumed run repeats steps.
        std::erase_if(step, [&](const SampleRow& other) { return other.item == sample.item; });
        step.push_back(sample);
    }
    updateSlider(atEnd);
}

void SampleView::updateSlider(bool toEnd)
{
    const bool empty = m_steps.empty() && m_reference.empty();
    m_slider->setVisible(!empty);
    m_slider->setEnabled(m_steps.size() > 1);
    m_step->setVisible(!empty);
    m_text->setVisible(!empty);
    m_empty->setVisible(empty);
    const auto scored = [](const SampleRow& sample) { return sample.score.has_value(); };
    bool scores
        = std::any_of(m_reference.begin(), m_reference.end(), [&](const auto& entry) { return scored(entry.second); });
    for (const auto& [step, rows] : m_steps)
        scores = scores || std::any_of(rows.begin(), rows.end(), scored);
    m_noScores->setVisible(!empty && !scores);
    {
        const QSignalBlocker blocker(m_slider);
        m_slider->setRange(0, std::max(0, int(m_steps.size()) - 1));
        if (toEnd)
            m_slider->setValue(m_slider->maximum());
    }
    showStep();
}

namespace {

QString escaped(const std::string& text)
{
    return toQString(text).trimmed().toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>"));
}

} // namespace

/// Response and score.
QString SampleView::htmlOf(const SampleRow& sample) const
{
    const Colours& c = colours();
    const QString text = escaped(sample.response);
    QString html
        = text.isEmpty() ? QStringLiteral("<i style='color:%1'>%2</i>").arg(c.muted.name(), tr("nothing")) : text;
    if (sample.score)
        html += QStringLiteral("<br><span style='color:%1; font-size:%2px'>%3</span>")
                    .arg(c.accent.name())
                    .arg(kFontSmall)
                    .arg(tr("reward %1").arg(formatNumber(*sample.score, 3)));
    return html;
}

QString SampleView::text() const { return m_text->toPlainText(); }

void SampleView::showStep()
{
    if (m_steps.empty() && m_reference.empty())
        return;
    const Colours& c = colours();
    // Before the policy's first samples there are those of the reference alone.
    static const std::vector<SampleRow> none;
    const bool any = !m_steps.empty();
    const auto found = any ? std::next(m_steps.begin(), m_slider->value()) : m_steps.end();
    const std::vector<SampleRow>& rows = any ? found->second : none;
    const QString step = any ? tr("Step %1").arg(formatCount(found->first)) : tr("Not sampled yet");
    m_step->setText(step);
    std::map<qint64, std::pair<const SampleRow*, const SampleRow*>> items; // policy and reference
    for (const SampleRow& row : rows)
        items[row.item].first = &row;
    for (const auto& [item, row] : m_reference)
        items[item].second = &row;
    const auto heading = [&](const QString& text) {
        return QStringLiteral("<span style='color:%1; font-size:%2px'>%3</span>")
            .arg(c.faint.name())
            .arg(kFontSmall)
            .arg(text);
    };
    QString html;
    for (const auto& [item, both] : items) {
        const auto& [policy, reference] = both;
        html += QStringLiteral("<p style='margin-top:%1px; margin-bottom:%2px; color:%3'>%4</p>")
                    .arg(html.isEmpty() ? 0 : 3 * kSpace)
                    .arg(kSpace / 2)
                    .arg(c.muted.name(), escaped((policy ? policy : reference)->prompt));
        if (!reference) {
            html += QStringLiteral("<p style='margin:0'>%1</p>").arg(htmlOf(*policy));
            continue;
        }
        html += QStringLiteral("<table width='100%' cellspacing='0' cellpadding='0'><tr>"
                               "<td width='50%' style='padding-right:%1px'>%2<br>%3</td>"
                               "<td width='50%' style='padding-left:%1px'>%4<br>%5</td></tr></table>")
                    .arg(kSpace)
                    .arg(heading(any ? tr("Policy at step %1").arg(formatCount(found->first)) : tr("Policy")),
                        policy ? htmlOf(*policy) : QStringLiteral("&nbsp;"), heading(tr("Reference")),
                        htmlOf(*reference));
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
