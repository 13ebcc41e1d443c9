// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

class QPainter;

namespace mpo {

struct SplitData;

/// Histogram of reward gaps with a handle on the threshold and, when there is one, on the contradictory threshold. Bins
/// are counted in the sorted gaps, so zooming costs two hundred binary searches and dragging none. Painted by hand:
/// nothing but bars and lines, in one pass.
class RewardGapHistogram : public QWidget
{
    Q_OBJECT
public:
    static constexpr int kBins = 100;

    /// Gaps in [low, high); the last bin of the view holds the largest gap too.
    struct Bin
    {
        double low = 0.0, high = 0.0;
        std::int64_t count = 0;
    };

    explicit RewardGapHistogram(QWidget* parent = nullptr);

    void setData(std::shared_ptr<const SplitData> data); ///< nullptr: empty
    void setThreshold(double gap);
    void setContradictory(std::optional<double> threshold); ///< c: the handle stands at -c
    void setAbsolute(bool absolute);
    void setLogScale(bool on);
    void setMarked(std::optional<double> gap); ///< a small mark below the axis: where examples come from

    double threshold() const { return m_threshold; }
    const std::vector<Bin>& bins() const { return m_bins; }
    std::optional<Bin> binAt(double gap) const;
    double resolution() const; ///< gap per pixel
    double gapAt(double x) const;
    double xOf(double gap) const;

    QSize sizeHint() const override { return {640, 260}; }
    QSize minimumSizeHint() const override { return {320, 150}; }

Q_SIGNALS:
    void thresholdMoved(double gap); ///< by mouse or key; the owner answers with setThreshold()
    void contradictoryMoved(double threshold);
    void pointed(std::optional<double> gap); ///< empty: the pointer has left
    void clicked(double gap); ///< away from the handles

protected:
    void paintEvent(QPaintEvent* event) override;
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
    enum class Handle { None, Threshold, Contradictory };

    QRectF plotArea() const;
    void showAll();
    void setView(double low, double high);
    void countBins();
    double heightOf(std::int64_t count) const; ///< share of the plot's height
    Handle handleAt(const QPointF& position) const;
    void moveHandle(Handle handle, double gap);
    void paintOn(QPainter& painter) const;
    void paintAxes(QPainter& painter, const QRectF& plot) const;
    void paintBars(QPainter& painter, const QRectF& plot) const;
    void paintHandle(QPainter& painter, const QRectF& plot, Handle handle) const;
    void paintBuckets(QPainter& painter, const QRectF& plot) const;
    void saveImage(const QString& kind);

    std::shared_ptr<const SplitData> m_data;
    std::vector<Bin> m_bins;
    std::int64_t m_highest = 0;
    double m_low = 0.0, m_high = 1.0; ///< view
    double m_threshold = 0.0;
    std::optional<double> m_contradictory, m_pointer, m_marked;
    bool m_absolute = false, m_log = false;
    bool m_ring = false; ///< the focus came from the keyboard
    Handle m_dragged = Handle::None, m_active = Handle::Threshold, m_hovered = Handle::None;
};

} // namespace mpo
