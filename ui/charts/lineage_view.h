// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runs/lineage.h"

#include <QPainterPath>
#include <QWidget>

#include <vector>

namespace mpo {

/// A lineage as a graph from left to right: a card for each thing, lines from what it was made from. Cards are chosen
/// by click, or with the arrow keys and Enter.
class LineageView : public QWidget
{
    Q_OBJECT
public:
    explicit LineageView(QWidget* parent = nullptr);

    void setLineage(Lineage lineage);
    const Lineage& lineage() const { return m_lineage; }
    QRect cardOf(int node) const; ///< where it is drawn

    QSize sizeHint() const override { return m_size; }
    QSize minimumSizeHint() const override { return m_size; }

Q_SIGNALS:
    void chosen(const mpo::LineageNode& node);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void showEvent(QShowEvent* event) override;
    bool event(QEvent* event) override;

private:
    void layOut();
    void scrollToFocus(); ///< in the scroll area around it
    int nodeAt(const QPoint& point) const; ///< -1: none
    QString describe(const LineageNode& node) const;
    QPoint offset() const; ///< of the graph in a larger widget

    Lineage m_lineage;
    std::vector<QRect> m_cards; ///< parallel to nodes
    std::vector<QPainterPath> m_paths; ///< parallel to edges
    QSize m_size {1, 1};
    int m_hovered = -1, m_current = -1;
};

} // namespace mpo
