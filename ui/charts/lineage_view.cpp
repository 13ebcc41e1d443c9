// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/lineage_view.h"

#include "ui/format.h"
#include "ui/style.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollArea>
#include <QTimer>
#include <QToolTip>

#include <algorithm>
#include <limits>

namespace mpo {

namespace {

constexpr int kCardWidth = 20 * kSpace, kCardHeight = 6 * kSpace;
constexpr int kColumnGap = 5 * kSpace, kRowGap = 2 * kSpace, kLane = 2 * kSpace; ///< lane: of a line that passes by
constexpr int kSweeps = 6;

/// A card, or the place where a line passes a column.
struct Slot
{
    int node = -1;
    double weight = 0.0;
    int y = 0;
    int height() const { return node >= 0 ? kCardHeight : kLane; }
};

QColor colourOf(LineageKind kind)
{
    const Colours& c = colours();
    switch (kind) {
    case LineageKind::Data:
        return c.series[2];
    case LineageKind::RewardModel:
        return c.series[1];
    case LineageKind::Scores:
    case LineageKind::Split:
        return c.series[4];
    case LineageKind::Evaluation:
        return c.series[3];
    default:
        return c.series[0];
    }
}

} // namespace

LineageView::LineageView(QWidget* parent)
    : QWidget(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Lineage"));
}

void LineageView::setLineage(Lineage lineage)
{
    m_lineage = std::move(lineage);
    m_hovered = -1;
    m_current = m_lineage.nodes.empty() ? -1 : m_lineage.focus;
    QStringList arrows;
    for (const LineageEdge& edge : m_lineage.edges)
        arrows << tr("%1 from %2 as its %3")
                      .arg(toQString(m_lineage.nodes[std::size_t(edge.to)].name),
                          toQString(m_lineage.nodes[std::size_t(edge.from)].name), toQString(edge.role));
    setAccessibleDescription(arrows.join(QStringLiteral("; ")));
    layOut();
    updateGeometry();
    update();
    QTimer::singleShot(0, this, &LineageView::scrollToFocus); // when the scroll area knows the new size
}

void LineageView::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    QTimer::singleShot(0, this, &LineageView::scrollToFocus); // a tab that was never open had no size
}

void LineageView::scrollToFocus()
{
    for (QWidget* widget = parentWidget(); widget; widget = widget->parentWidget())
        if (auto* area = qobject_cast<QScrollArea*>(widget); area && m_lineage.focus < int(m_cards.size())) {
            const QRect card = cardOf(m_lineage.focus);
            area->ensureVisible(
                card.center().x(), card.center().y(), card.width() / 2 + kSpace, card.height() / 2 + kSpace);
            return;
        }
}

void LineageView::layOut()
{
    const std::size_t nodes = m_lineage.nodes.size();
    m_cards.assign(nodes, {});
    m_paths.clear();
    if (nodes == 0) {
        m_size = {1, 1};
        return;
    }
    int columns = 0;
    for (const LineageNode& node : m_lineage.nodes)
        columns = std::max(columns, node.column + 1);

    // Each edge is a chain of slots, one in every column it crosses.
    std::vector<Slot> slots_;
    std::vector<std::vector<int>> byColumn {std::size_t(columns)};
    for (std::size_t i = 0; i < nodes; ++i) {
        byColumn[std::size_t(m_lineage.nodes[i].column)].push_back(int(i));
        slots_.push_back({int(i), 0.0, 0});
    }
    std::vector<std::vector<int>> chains;
    for (const LineageEdge& edge : m_lineage.edges) {
        std::vector<int> chain {edge.from};
        const int last = m_lineage.nodes[std::size_t(edge.to)].column;
        for (int column = m_lineage.nodes[std::size_t(edge.from)].column + 1; column < last; ++column) {
            chain.push_back(int(slots_.size()));
            byColumn[std::size_t(column)].push_back(int(slots_.size()));
            slots_.push_back({});
        }
        chain.push_back(edge.to);
        chains.push_back(std::move(chain));
    }
    std::vector<std::vector<int>> before(slots_.size()), after(slots_.size());
    for (const auto& chain : chains)
        for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
            after[std::size_t(chain[i])].push_back(chain[i + 1]);
            before[std::size_t(chain[i + 1])].push_back(chain[i]);
        }

    const auto stack = [&](const std::vector<int>& column) { // one below the other, around the middle
        int height = -kRowGap;
        for (const int slot : column)
            height += slots_[std::size_t(slot)].height() + kRowGap;
        int y = -height / 2;
        for (const int slot : column) {
            slots_[std::size_t(slot)].y = y + slots_[std::size_t(slot)].height() / 2;
            y += slots_[std::size_t(slot)].height() + kRowGap;
        }
        return height;
    };
    int height = 0;
    for (const auto& column : byColumn)
        height = std::max(height, stack(column));
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
        const bool forward = sweep % 2 == 0;
        for (int i = 0; i < columns; ++i) {
            auto& column = byColumn[std::size_t(forward ? i : columns - 1 - i)];
            for (const int slot : column) {
                const auto& neighbours = (forward ? before : after)[std::size_t(slot)];
                double sum = 0.0;
                for (const int neighbour : neighbours)
                    sum += slots_[std::size_t(neighbour)].y;
                slots_[std::size_t(slot)].weight
                    = neighbours.empty() ? slots_[std::size_t(slot)].y : sum / double(neighbours.size());
            }
            std::stable_sort(column.begin(), column.end(),
                [&](int a, int b) { return slots_[std::size_t(a)].weight < slots_[std::size_t(b)].weight; });
            stack(column);
        }
    }

    const auto left = [](int column) { return kSpace + column * (kCardWidth + kColumnGap); };
    const int middle = kSpace + height / 2;
    m_size = {left(columns - 1) + kCardWidth + kSpace, height + 2 * kSpace};
    for (std::size_t i = 0; i < nodes; ++i)
        m_cards[i] = {left(m_lineage.nodes[i].column), middle + slots_[i].y - kCardHeight / 2, kCardWidth, kCardHeight};
    for (const auto& chain : chains) {
        const int first = m_lineage.nodes[std::size_t(chain.front())].column;
        QPointF at(left(first) + kCardWidth, middle + slots_[std::size_t(chain.front())].y);
        QPainterPath path(at);
        for (std::size_t i = 1; i < chain.size(); ++i) {
            const int x = left(first + int(i));
            const QPointF next(x, middle + slots_[std::size_t(chain[i])].y);
            const double bend = (next.x() - at.x()) / 2;
            path.cubicTo(at + QPointF(bend, 0), next - QPointF(bend, 0), next);
            at = next;
            if (i + 1 < chain.size()) {
                at.rx() += kCardWidth;
                path.lineTo(at);
            }
        }
        m_paths.push_back(path);
    }
}

QPoint LineageView::offset() const
{
    return {std::max(0, (width() - m_size.width()) / 2), std::max(0, (height() - m_size.height()) / 2)};
}

QRect LineageView::cardOf(int node) const
{
    return node >= 0 && node < int(m_cards.size()) ? m_cards[std::size_t(node)].translated(offset()) : QRect();
}

int LineageView::nodeAt(const QPoint& point) const
{
    for (int i = 0; i < int(m_cards.size()); ++i)
        if (cardOf(i).contains(point))
            return i;
    return -1;
}

QString LineageView::describe(const LineageNode& node) const
{
    const auto kind = [&] {
        switch (node.kind) {
        case LineageKind::Data:
            return tr("Data");
        case LineageKind::Scores:
            return tr("Scores");
        case LineageKind::Split:
            return tr("Split");
        case LineageKind::Model:
            return tr("Model");
        case LineageKind::RewardModel:
            return tr("Reward model");
        case LineageKind::Evaluation:
            return tr("Evaluation");
        default:
            return node.stage == "import" ? tr("Imported curves") : tr("Run");
        }
    }();
    if (node.kind == LineageKind::Run)
        return node.stage == "import" ? tr("%1 · run %2").arg(kind).arg(node.run)
                                      : tr("Run %1 %2").arg(node.run).arg(toQString(node.stage));
    if (node.run != 0)
        return tr("%1 · run %2 %3").arg(kind).arg(node.run).arg(toQString(node.stage));
    return node.present ? kind : tr("%1, not in the project").arg(kind);
}

void LineageView::paintEvent(QPaintEvent*)
{
    const Colours& c = colours();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(offset());
    const auto touches
        = [&](const LineageEdge& edge, int node) { return node >= 0 && (edge.from == node || edge.to == node); };
    for (const bool strong : {false, true}) // strong lines lie above
        for (std::size_t i = 0; i < m_paths.size(); ++i) {
            const LineageEdge& edge = m_lineage.edges[i];
            if (touches(edge, m_hovered >= 0 ? m_hovered : m_lineage.focus) != strong)
                continue;
            painter.setPen(QPen(strong ? c.accent : c.faint, strong ? 2.0 : 1.2));
            painter.setBrush(Qt::NoBrush);
            painter.drawPath(m_paths[i]);
        }
    for (std::size_t i = 0; i < m_cards.size(); ++i) {
        const LineageNode& node = m_lineage.nodes[i];
        const QRectF card = QRectF(m_cards[i]).adjusted(0.5, 0.5, -0.5, -0.5);
        const bool isFocus = int(i) == m_lineage.focus, isHovered = int(i) == m_hovered;
        QPen pen(isFocus || (hasFocus() && int(i) == m_current) ? c.accent : c.border, isFocus ? 2.0 : 1.0);
        if (!node.present)
            pen.setStyle(Qt::DashLine);
        painter.setPen(pen);
        painter.setBrush(isHovered ? c.raised : c.surface);
        painter.drawRoundedRect(card, kRadius, kRadius);
        painter.setPen(Qt::NoPen);
        painter.setBrush(colourOf(node.kind));
        painter.drawRoundedRect(
            QRectF(card.left() + kSpace, card.top() + kSpace + 2, 4, card.height() - 2 * kSpace - 4), 2, 2);
        const QRectF text = card.adjusted(2.5 * kSpace, kSpace - 2, -kSpace, 2 - kSpace);
        const auto line = [&](const QString& words, const QFont& font, const QColor& colour, Qt::Alignment alignment,
                              Qt::TextElideMode elide) {
            painter.setFont(font);
            painter.setPen(colour);
            painter.drawText(
                text, int(alignment | Qt::AlignLeft), QFontMetricsF(font).elidedText(words, elide, text.width()));
        };
        line(toQString(node.name), fontOfSize(kFontBase, isFocus ? QFont::DemiBold : QFont::Normal), c.text,
            Qt::AlignTop, Qt::ElideMiddle);
        line(describe(node), fontOfSize(kFontSmall), c.muted, Qt::AlignBottom, Qt::ElideRight);
    }
}

void LineageView::mouseMoveEvent(QMouseEvent* event)
{
    const int hovered = nodeAt(event->pos());
    if (hovered == m_hovered)
        return;
    m_hovered = hovered;
    setCursor(hovered >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
}

void LineageView::leaveEvent(QEvent*)
{
    m_hovered = -1;
    update();
}

void LineageView::mousePressEvent(QMouseEvent* event)
{
    const int node = nodeAt(event->pos());
    if (event->button() != Qt::LeftButton || node < 0)
        return;
    m_current = node;
    const LineageNode copy = m_lineage.nodes[std::size_t(node)]; // who hears it may set another lineage
    Q_EMIT chosen(copy);
}

void LineageView::keyPressEvent(QKeyEvent* event)
{
    if (m_current < 0) {
        QWidget::keyPressEvent(event);
        return;
    }
    QPoint wanted;
    switch (event->key()) {
    case Qt::Key_Left:
        wanted = {-1, 0};
        break;
    case Qt::Key_Right:
        wanted = {1, 0};
        break;
    case Qt::Key_Up:
        wanted = {0, -1};
        break;
    case Qt::Key_Down:
        wanted = {0, 1};
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter: {
        const LineageNode copy = m_lineage.nodes[std::size_t(m_current)];
        Q_EMIT chosen(copy);
        return;
    }
    default:
        QWidget::keyPressEvent(event);
        return;
    }
    // The nearest card on that side.
    int best = -1, bestDistance = std::numeric_limits<int>::max();
    for (int i = 0; i < int(m_cards.size()); ++i) {
        const QPoint step = m_cards[std::size_t(i)].center() - m_cards[std::size_t(m_current)].center();
        const int along = step.x() * wanted.x() + step.y() * wanted.y();
        const int across = std::abs(step.x() * wanted.y()) + std::abs(step.y() * wanted.x());
        if (along > 0 && along + 2 * across < bestDistance) {
            best = i;
            bestDistance = along + 2 * across;
        }
    }
    if (best >= 0)
        m_current = best;
    update();
}

bool LineageView::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int node = nodeAt(help->pos());
        if (node >= 0)
            QToolTip::showText(help->globalPos(),
                toQString(m_lineage.nodes[std::size_t(node)].name) + QLatin1Char('\n')
                    + describe(m_lineage.nodes[std::size_t(node)]),
                this);
        else
            QToolTip::hideText();
        return true;
    }
    return QWidget::event(event);
}

} // namespace mpo
