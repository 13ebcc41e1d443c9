// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <utility>

namespace mpo {

/// Bytes a second over the last few.
class TransferSpeed
{
public:
    double at(std::uint64_t bytes) ///< that have come in so far; 0: not known yet
    {
        const auto now = Clock::now();
        m_points.emplace_back(now, bytes);
        while (m_points.size() > 2 && now - m_points[1].first > kWindow)
            m_points.pop_front();
        const std::chrono::duration<double> time = now - m_points.front().first;
        const std::uint64_t from = m_points.front().second;
        return time < kShortest || bytes <= from ? 0.0 : double(bytes - from) / time.count();
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds kWindow {5};
    static constexpr std::chrono::milliseconds kShortest {200};
    std::deque<std::pair<Clock::time_point, std::uint64_t>> m_points;
};

} // namespace mpo
