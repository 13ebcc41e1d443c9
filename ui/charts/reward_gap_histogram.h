// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/reward_gap_picture.h"

#include <QWidget>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace mpo {

/// Histogram of reward gaps with a handle on the threshold and, when there is one, on the contradictory threshold. Bins
/// are counted in the sorted gaps, so zooming costs some hundred binary searches and dragging none.
class RewardGapHistogram : public QWidget
{
    Q_OBJECT
public:
    static constexpr int kBins = 100;

    using Bin = RewardGapPicture::Bin;

    explicit RewardGapHistogram(QWidget* parent = nullptr);

    void setData(std::shared_ptr<const SplitData> data); ///< nullptr: empty
    void setEdited(std::shared_ptr<const SplitData> data); ///< the same pairs with other edits: the view stays
    void setThreshold(double gap);
    void setContradictory(std::optional<double> threshold); ///< c: the handle stands at -c
    void setAbsolute(bool absolute);
    void setLogScale(bool on);
    void setMarked(std::optional<double> gap); ///< a small mark below the axis: where examples come from

    /// Divides the bars; nullptr: whole bars. They are those of the data, and go when it changes.
    void setStrata(std::shared_ptr<const PairStrata> strata);

    double threshold() const { return m_picture.threshold; }
    const std::vector<Bin>& bins() const { return m_picture.bins; }
    const QStringList& strata() const { return m_picture.strata; } ///< names of the parts of a bar, from below
    std::optional<Bin> binAt(double gap) const;
    double resolution() const { return m_picture.resolution(); } ///< gap per pixel
    double gapAt(double x) const { return m_picture.gapAt(x); }
    double xOf(double gap) const { return m_picture.xOf(gap); }
    void setView(double low, double high); ///< the gaps to show
    std::optional<std::pair<double, double>> view() const; ///< that the user has zoomed into; empty: all
    QString table() const; ///< the bars as CSV

    QSize sizeHint() const override { return {640, 260}; }
    QSize minimumSizeHint() const override { return {320, 150}; }

Q_SIGNALS:
    void thresholdMoved(double gap); ///< by mouse or key; the owner answers with setThreshold()
    void contradictoryMoved(double threshold);
    void pointed(std::optional<double> gap); ///< empty: the pointer has left
    void clicked(double gap); ///< away from the handles

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    using Handle = RewardGapPicture::Handle;

    void showAll();
    void zoomBy(double factor, double centre);
    std::pair<double, double> fullView() const;
    void countBins();
    Handle handleAt(const QPointF& position) const;
    void moveHandle(Handle handle, double gap);
    void saveImage(const QString& kind);

    std::shared_ptr<const SplitData> m_data;
    std::shared_ptr<const PairStrata> m_strata;
    RewardGapPicture m_picture;
    bool m_ring = false; ///< the focus came from the keyboard
};

} // namespace mpo
