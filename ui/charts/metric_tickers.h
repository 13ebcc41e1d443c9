// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/custom_plot.h"
#include "ui/format.h"

#include <algorithm>
#include <cmath>

namespace mpo {

/// Seconds as "2:05" or "1:02 h".
class TimeTicker : public QCPAxisTicker
{
protected:
    QString getTickLabel(double tick, const QLocale&, QChar, int) override
    {
        const qint64 seconds = qint64(std::llround(tick));
        if (seconds >= 3600)
            return QStringLiteral("%1:%2 h").arg(seconds / 3600).arg(seconds / 60 % 60, 2, 10, QLatin1Char('0'));
        return QStringLiteral("%1:%2").arg(seconds / 60).arg(seconds % 60, 2, 10, QLatin1Char('0'));
    }
};

/// The time of day, with seconds where ticks are close and with the date where they are far apart.
class ClockTicker : public QCPAxisTickerDateTime
{
protected:
    double getTickStep(const QCPRange& range) override
    {
        const double step = QCPAxisTickerDateTime::getTickStep(range);
        setDateTimeFormat(step < 60.0 ? QStringLiteral("HH:mm:ss")
                : step < 43200.0      ? QStringLiteral("HH:mm")
                                      : QStringLiteral("d MMM"));
        return step;
    }
};

/// Steps are whole numbers.
class StepTicker : public QCPAxisTicker
{
protected:
    double getTickStep(const QCPRange& range) override
    {
        return std::max(1.0, std::floor(QCPAxisTicker::getTickStep(range))); // 2.5 would be told as 2, 5, 7
    }
    QString getTickLabel(double tick, const QLocale&, QChar, int) override
    {
        return std::abs(tick) < 10000.0 ? QString::number(qint64(tick)) : formatLargeCount(tick);
    }
};

/// With as many digits as tell two ticks apart.
class ValueTicker : public QCPAxisTicker
{
protected:
    double getTickStep(const QCPRange& range) override { return m_step = QCPAxisTicker::getTickStep(range); }
    QString getTickLabel(double tick, const QLocale&, QChar, int) override
    {
        if (std::abs(tick) < 1e-12)
            return QStringLiteral("0");
        if (std::abs(tick) >= 1e5)
            return formatLargeCount(tick);
        const auto magnitude = [](double value) { return int(std::floor(std::log10(value))); };
        const int between = m_step > 0.0 ? magnitude(std::abs(tick)) - magnitude(m_step) + 2 : 0; // a step may be 2.5
        return formatNumber(tick, std::clamp(between, 3, 8));
    }

private:
    double m_step = 0.0;
};

} // namespace mpo
