// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/pair_strata.h"

#include <QRectF>
#include <QSizeF>
#include <QStringList>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

class QColor;
class QPainter;

namespace mpo {

/// What a histogram of reward gaps shows, where it stands and how it is painted: values only, RewardGapHistogram
/// decides what they are. Painted by hand: nothing but bars and lines, in one pass.
struct RewardGapPicture
{
    enum class Handle { None, Threshold, Contradictory };

    /// Gaps in [low, high); the last bin of the view holds the largest gap too.
    struct Bin
    {
        double low = 0.0, high = 0.0;
        std::int64_t count = 0;
        std::array<std::int64_t, PairStrata::kMost> parts {}; ///< by `strata`; they add up to the count
    };

    static constexpr double kPillHeight = 20.0; ///< of the values on the handles
    static constexpr double kLabelHeight = 20.0; ///< names of the buckets, between the pills and the bars

    QSizeF size;
    std::vector<Bin> bins; ///< empty: `nothing` is shown
    std::int64_t highest = 0; ///< count of the highest bar
    QStringList strata; ///< what bars are divided into, from below; empty: nothing
    double low = 0.0, high = 1.0; ///< view
    double threshold = 0.0;
    std::optional<double> contradictory; ///< c: the handle stands at -c
    std::optional<double> pointer, marked;
    bool absolute = false, log = false;
    Handle dragged = Handle::None, active = Handle::Threshold, hovered = Handle::None;
    bool focus = false; ///< the active handle is marked
    QString nothing;

    QRectF plotArea() const; ///< of the bars
    double xOf(double gap) const;
    double gapAt(double x) const;
    double resolution() const; ///< gap per pixel
    void paint(QPainter& painter) const;

private:
    double heightOf(std::int64_t count) const; ///< share of the plot's height
    QColor shade(const QColor& colour, int stratum) const;
    void paintAxes(QPainter& painter, const QRectF& plot) const;
    void paintLegend(QPainter& painter, const QRectF& line) const;
    void paintBars(QPainter& painter, const QRectF& plot) const;
    void paintHandle(QPainter& painter, const QRectF& plot, Handle handle) const;
    void paintBuckets(QPainter& painter, const QRectF& plot) const;
};

} // namespace mpo
