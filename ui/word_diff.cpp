// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/word_diff.h"

#include <algorithm>

namespace mpo {

namespace {

/// Runs of letters and digits, and every other character but white space alone.
std::vector<TextSpan> wordsOf(const QString& text)
{
    std::vector<TextSpan> words;
    for (qsizetype i = 0; i < text.size();) {
        const qsizetype first = i;
        while (i < text.size() && (text[i].isLetterOrNumber() || text[i].isMark() || text[i].isSurrogate()))
            ++i;
        if (i == first) {
            ++i;
            if (text[first].isSpace())
                continue;
        }
        words.push_back({first, i - first});
    }
    return words;
}

/// Words marked true, those beside each other joined with what stands between them.
std::vector<TextSpan> spansOf(const std::vector<TextSpan>& words, const std::vector<bool>& marked)
{
    std::vector<TextSpan> spans;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (!marked[i])
            continue;
        if (i > 0 && marked[i - 1])
            spans.back().length = words[i].first + words[i].length - spans.back().first;
        else
            spans.push_back(words[i]);
    }
    return spans;
}

} // namespace

WordDifference wordDifference(const QString& left, const QString& right, int mostEdits)
{
    const std::vector<TextSpan> a = wordsOf(left), b = wordsOf(right);
    const int n = int(a.size()), m = int(b.size());
    const auto same = [&](int x, int y) {
        return QStringView(left).mid(a[std::size_t(x)].first, a[std::size_t(x)].length)
            == QStringView(right).mid(b[std::size_t(y)].first, b[std::size_t(y)].length);
    };
    // furthest[d]: for each diagonal k = x - y in -d..d the largest x that d edits reach on it.
    std::vector<std::vector<int>> furthest;
    const auto at = [](const std::vector<int>& row, int d, int k) { return row[std::size_t(k + d)]; };
    bool reached = false;
    for (int d = 0; d <= std::min(mostEdits, n + m) && !reached; ++d) {
        std::vector<int> row(std::size_t(2 * d + 1), -1);
        for (int k = -d; k <= d; k += 2) {
            int x = 0;
            if (d > 0) {
                const std::vector<int>& before = furthest.back();
                const bool down = k == -d || (k != d && at(before, d - 1, k - 1) < at(before, d - 1, k + 1));
                x = down ? at(before, d - 1, k + 1) : at(before, d - 1, k - 1) + 1;
            }
            while (x < n && x - k < m && x - k >= 0 && same(x, x - k))
                ++x;
            row[std::size_t(k + d)] = x;
            reached = reached || (x >= n && x - k >= m);
        }
        furthest.push_back(std::move(row));
    }
    if (!reached)
        return {};

    // Back along the way; what is not passed on a diagonal differs.
    std::vector<bool> leftMarked(a.size(), true), rightMarked(b.size(), true);
    int x = n, y = m, shared = 0;
    for (int d = int(furthest.size()) - 1; d >= 0; --d) {
        const int k = x - y;
        int fromX = 0, fromY = 0;
        if (d > 0) {
            const std::vector<int>& before = furthest[std::size_t(d - 1)];
            const bool down = k == -d || (k != d && at(before, d - 1, k - 1) < at(before, d - 1, k + 1));
            fromX = down ? at(before, d - 1, k + 1) : at(before, d - 1, k - 1);
            fromY = fromX - (down ? k + 1 : k - 1);
        }
        const int edit = d > 0 ? 1 : 0; // the step before the diagonal
        while (x + y > fromX + fromY + edit) {
            leftMarked[std::size_t(--x)] = false;
            rightMarked[std::size_t(--y)] = false;
            ++shared;
        }
        x = fromX;
        y = fromY;
    }
    WordDifference difference {spansOf(a, leftMarked), spansOf(b, rightMarked), 1.0};
    if (n + m > 0)
        difference.common = 2.0 * shared / double(n + m);
    return difference;
}

} // namespace mpo
