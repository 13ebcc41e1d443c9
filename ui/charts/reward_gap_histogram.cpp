// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/reward_gap_histogram.h"

#include "ui/format.h"
#include "ui/models/split_data.h"
#include "ui/style.h"

#include <QContextMenuEvent>
#include <QFileDialog>
#include <QMenu>
#include <QPainter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace mpo {

namespace {

using Handle = RewardGapPicture::Handle;

constexpr double kGrip = 8.0; ///< pixels to each side of a handle where it can be taken

} // namespace

RewardGapHistogram::RewardGapHistogram(QWidget* parent)
    : QWidget(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    m_picture.nothing = tr("No scores yet");
    setAccessibleName(tr("Reward-gap histogram"));
    setToolTip(tr("Drag the threshold, or use the arrow keys (Shift: ten times as far). Wheel, + and −: zoom; double "
                  "click, 0: all."));
}

void RewardGapHistogram::setData(std::shared_ptr<const SplitData> data)
{
    m_data = std::move(data);
    m_strata.reset();
    m_picture.marked.reset();
    m_picture.nothing = m_data ? tr("No pair has a score") : tr("No scores yet");
    showAll();
}

void RewardGapHistogram::setEdited(std::shared_ptr<const SplitData> data)
{
    const auto rangeOf = [](const SplitData& one) { return std::pair(one.index.minimum(), one.index.maximum()); };
    m_strata.reset(); // they had the other edits
    const bool moved = !m_data || rangeOf(*m_data) != rangeOf(*data);
    m_data = std::move(data);
    if (moved)
        showAll(); // a gap at the end has gone to the other side
    else
        setView(m_picture.low, m_picture.high);
}

void RewardGapHistogram::setThreshold(double gap)
{
    m_picture.threshold = gap;
    update();
}

void RewardGapHistogram::setContradictory(std::optional<double> threshold)
{
    m_picture.contradictory = threshold;
    if (!threshold)
        m_picture.active = Handle::Threshold;
    update();
}

void RewardGapHistogram::setAbsolute(bool absolute)
{
    m_picture.absolute = absolute;
    update();
}

void RewardGapHistogram::setLogScale(bool on)
{
    m_picture.log = on;
    update();
}

void RewardGapHistogram::setMarked(std::optional<double> gap)
{
    m_picture.marked = gap;
    update();
}

void RewardGapHistogram::showAll()
{
    m_picture.size = size(); // a widget that was never shown has had no resize event
    if (!m_data || m_data->index.size() == 0) {
        m_picture.bins.clear();
        update();
        return;
    }
    const auto [low, high] = fullView();
    setView(low, high);
}

std::pair<double, double> RewardGapHistogram::fullView() const
{
    // 0 always stands in the picture: on its left the reward model contradicts the label.
    const double low = std::min(0.0, m_data->index.minimum()), high = std::max(0.0, m_data->index.maximum());
    return low == high ? std::pair(-0.5, 0.5) : std::pair(low, high);
}

std::optional<std::pair<double, double>> RewardGapHistogram::view() const
{
    if (m_picture.bins.empty() || fullView() == std::pair(m_picture.low, m_picture.high))
        return std::nullopt;
    return std::pair(m_picture.low, m_picture.high);
}

void RewardGapHistogram::setView(double low, double high)
{
    m_picture.low = low;
    m_picture.high = high;
    countBins();
    update();
}

void RewardGapHistogram::countBins()
{
    RewardGapPicture& picture = m_picture;
    picture.bins.clear();
    picture.highest = 0;
    picture.strata = m_strata ? m_strata->names : QStringList();
    if (!m_data || m_data->index.size() == 0)
        return;
    // The grid is anchored at 0, so that no bar mixes gaps of both signs.
    const double width = (picture.high - picture.low) / kBins;
    const auto first = std::int64_t(std::floor(picture.low / width + 1e-9));
    const auto last = std::int64_t(std::ceil(picture.high / width - 1e-9));
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    for (std::int64_t i = first; i < last; ++i) {
        Bin bin {double(i) * width, double(i + 1) * width, 0, {}};
        // The last bar of all holds the largest gap, which may stand on its edge.
        const bool holdsAll = i + 1 == last && m_data->index.maximum() <= std::max(bin.high, picture.high);
        const double end = holdsAll ? kInfinity : bin.high;
        bin.count = m_data->index.countBelow(end) - m_data->index.countBelow(bin.low);
        for (int stratum = 0; stratum < int(picture.strata.size()); ++stratum)
            bin.parts[std::size_t(stratum)]
                = m_strata->countBelow(stratum, end) - m_strata->countBelow(stratum, bin.low);
        picture.highest = std::max(picture.highest, bin.count);
        picture.bins.push_back(bin);
    }
}

std::optional<RewardGapHistogram::Bin> RewardGapHistogram::binAt(double gap) const
{
    for (const Bin& bin : m_picture.bins)
        if (gap >= bin.low && gap < bin.high)
            return bin;
    return std::nullopt;
}

void RewardGapHistogram::setStrata(std::shared_ptr<const PairStrata> strata)
{
    m_strata = std::move(strata);
    countBins();
    update();
}

void RewardGapHistogram::resizeEvent(QResizeEvent* event)
{
    m_picture.size = size();
    QWidget::resizeEvent(event);
}

// ---- painting

void RewardGapHistogram::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    m_picture.focus = hasFocus();
    m_picture.paint(painter);
    if (hasFocus() && m_ring && m_data) {
        QColor ring = colours().accent;
        ring.setAlphaF(0.6f);
        painter.setPen(QPen(ring, 1.0));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), kRadius, kRadius);
    }
}

// ---- mouse and keys

RewardGapPicture::Handle RewardGapHistogram::handleAt(const QPointF& position) const
{
    if (m_picture.bins.empty())
        return Handle::None;
    const QRectF plot = m_picture.plotArea();
    const auto distance = [&](double gap) {
        return std::abs(position.x() - std::clamp(m_picture.xOf(gap), plot.left(), plot.right()));
    };
    const double reach
        = position.y() <= RewardGapPicture::kPillHeight ? 2.5 * kGrip : kGrip; // the pill is wider than the line
    const double threshold = distance(m_picture.threshold);
    if (m_picture.contradictory && distance(-*m_picture.contradictory) < std::min(reach, threshold))
        return Handle::Contradictory;
    return threshold <= reach ? Handle::Threshold : Handle::None;
}

void RewardGapHistogram::moveHandle(Handle handle, double gap)
{
    gap = roundedTo(std::clamp(gap, m_picture.low, m_picture.high), m_picture.resolution());
    if (handle == Handle::Threshold)
        Q_EMIT thresholdMoved(gap);
    else if (handle == Handle::Contradictory)
        Q_EMIT contradictoryMoved(gap < 0.0 ? -gap : 0.0);
}

void RewardGapHistogram::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || m_picture.bins.empty())
        return;
    m_picture.dragged = handleAt(event->position());
    if (m_picture.dragged != Handle::None) {
        m_picture.active = m_picture.dragged;
        update();
    } else if (m_picture.plotArea().adjusted(0, 0, 0, 12).contains(event->position())) {
        Q_EMIT clicked(m_picture.gapAt(event->position().x()));
    }
}

void RewardGapHistogram::mouseMoveEvent(QMouseEvent* event)
{
    if (m_picture.bins.empty())
        return;
    const QPointF position = event->position();
    if (m_picture.dragged != Handle::None) {
        moveHandle(m_picture.dragged, m_picture.gapAt(position.x()));
        m_picture.pointer
            = m_picture.dragged == Handle::Threshold ? m_picture.threshold : -m_picture.contradictory.value_or(0.0);
        Q_EMIT pointed(m_picture.pointer);
        return;
    }
    const Handle hovered = handleAt(position);
    setCursor(hovered == Handle::None ? Qt::ArrowCursor : Qt::SplitHCursor);
    m_picture.hovered = hovered;
    m_picture.pointer = m_picture.plotArea()
                            .adjusted(0, -RewardGapPicture::kPillHeight - RewardGapPicture::kLabelHeight, 0, 12)
                            .contains(position)
        ? std::optional(m_picture.gapAt(position.x()))
        : std::nullopt;
    Q_EMIT pointed(m_picture.pointer);
    update();
}

void RewardGapHistogram::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton)
        m_picture.dragged = Handle::None;
    update();
}

void RewardGapHistogram::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton && handleAt(event->position()) == Handle::None)
        showAll();
}

void RewardGapHistogram::wheelEvent(QWheelEvent* event)
{
    if (m_picture.bins.empty() || event->angleDelta().y() == 0)
        return;
    zoomBy(std::pow(0.8, event->angleDelta().y() / 120.0), m_picture.gapAt(event->position().x()));
    event->accept();
}

void RewardGapHistogram::zoomBy(double factor, double centre)
{
    const auto [low, high] = fullView();
    const double full = high - low, range = (m_picture.high - m_picture.low) * factor;
    if (range >= full)
        showAll();
    else if (range > full * 1e-4)
        setView(centre - (centre - m_picture.low) * factor, centre + (m_picture.high - centre) * factor);
}

void RewardGapHistogram::leaveEvent(QEvent* event)
{
    m_picture.pointer.reset();
    m_picture.hovered = Handle::None;
    Q_EMIT pointed(std::nullopt);
    update();
    QWidget::leaveEvent(event);
}

void RewardGapHistogram::keyPressEvent(QKeyEvent* event)
{
    if (m_picture.bins.empty()) {
        QWidget::keyPressEvent(event);
        return;
    }
    const double now
        = m_picture.active == Handle::Threshold ? m_picture.threshold : -m_picture.contradictory.value_or(0.0);
    // About one pixel, rounded as the thresholds are, so that no step is swallowed.
    const double step = roundedTo(m_picture.resolution(), m_picture.resolution())
        * (event->modifiers().testFlag(Qt::ShiftModifier) ? 10.0 : 1.0);
    switch (event->key()) {
    case Qt::Key_Left:
        moveHandle(m_picture.active, now - step);
        break;
    case Qt::Key_Right:
        moveHandle(m_picture.active, now + step);
        break;
    case Qt::Key_PageDown:
        moveHandle(m_picture.active, now - 10.0 * step);
        break;
    case Qt::Key_PageUp:
        moveHandle(m_picture.active, now + 10.0 * step);
        break;
    case Qt::Key_Home:
        moveHandle(m_picture.active, m_picture.low);
        break;
    case Qt::Key_End:
        moveHandle(m_picture.active, m_picture.high);
        break;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        zoomBy(0.8, std::clamp(now, m_picture.low, m_picture.high));
        break;
    case Qt::Key_Minus:
        zoomBy(1.25, std::clamp(now, m_picture.low, m_picture.high));
        break;
    case Qt::Key_0:
        showAll();
        break;
    case Qt::Key_Up:
    case Qt::Key_Down:
        if (m_picture.contradictory)
            m_picture.active = m_picture.active == Handle::Threshold ? Handle::Contradictory : Handle::Threshold;
        update();
        break;
    default:
        QWidget::keyPressEvent(event);
    }
}

void RewardGapHistogram::contextMenuEvent(QContextMenuEvent* event)
{
    if (m_picture.bins.empty())
        return;
    QMenu menu(this);
    menu.addAction(tr("Show all"), this, &RewardGapHistogram::showAll);
    menu.addSeparator();
    for (const char* kind : {"PNG", "SVG", "CSV"}) {
        const QString name = QString::fromLatin1(kind);
        menu.addAction(tr("Save as %1…").arg(name), this, [this, name] { saveImage(name.toLower()); });
    }
    menu.exec(event->globalPos());
}

void RewardGapHistogram::saveImage(const QString& kind)
{
    const QString file = QFileDialog::getSaveFileName(
        this, tr("Save the histogram"), QStringLiteral("reward-gaps.") + kind, QStringLiteral("*.") + kind);
    if (file.isEmpty())
        return;
    if (kind == QLatin1String("csv")) {
        QSaveFile out(file);
        if (!out.open(QIODevice::WriteOnly))
            return;
        out.write(table().toUtf8());
        out.commit();
    } else if (kind == QLatin1String("svg")) {
        QSvgGenerator svg;
        svg.setFileName(file);
        svg.setSize(size());
        svg.setViewBox(rect());
        QPainter painter(&svg);
        painter.fillRect(rect(), colours().surface);
        m_picture.paint(painter);
    } else {
        QPixmap picture(size() * 2);
        picture.setDevicePixelRatio(2.0);
        picture.fill(colours().surface);
        QPainter painter(&picture);
        m_picture.paint(painter);
        painter.end();
        picture.save(file);
    }
}

QString RewardGapHistogram::table() const
{
    QStringList head {QStringLiteral("low"), QStringLiteral("high"), QStringLiteral("pairs")};
    for (const QString& stratum : m_picture.strata)
        head << QLatin1Char('"') + stratum + QLatin1Char('"');
    QString text = head.join(QLatin1Char(',')) + QLatin1Char('\n');
    for (const Bin& bin : m_picture.bins) {
        QStringList row {
            QString::number(bin.low, 'g', 9), QString::number(bin.high, 'g', 9), QString::number(bin.count)};
        for (int stratum = 0; stratum < int(m_picture.strata.size()); ++stratum)
            row << QString::number(bin.parts[std::size_t(stratum)]);
        text += row.join(QLatin1Char(',')) + QLatin1Char('\n');
    }
    return text;
}

void RewardGapHistogram::focusInEvent(QFocusEvent* event)
{
    m_ring = event->reason() != Qt::MouseFocusReason;
    QWidget::focusInEvent(event);
}

void RewardGapHistogram::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange)
        update();
    QWidget::changeEvent(event);
}

} // namespace mpo
