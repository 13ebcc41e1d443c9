// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/packed_attention.h"

#include "core/model/blocks/attention_kernels.h"
#include "core/model/blocks/lanes.h"
#include "core/model/blocks/thread_team.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

namespace mpo {

namespace {

constexpr std::int64_t kPanel = 64; // keys
constexpr std::int64_t kChunk = 4 * kPanel; // keys whose scores are looked at together
constexpr std::int64_t kQueries = 32; // forward; times the heads of a group
constexpr std::int64_t kQueriesBack = 64;

std::int64_t wholeLanes(std::int64_t width) { return (width + kLanes - 1) / kLanes * kLanes; }

using Kernels = AttentionKernels;
const Kernels& kernels() { return attentionKernels(); }

/// Some rows of one head of a tensor (N, heads, W) of fp32 or bf16 whose last dimension has no gaps.
class HeadRows
{
public:
    explicit HeadRows(const at::Tensor& x)
        : m_data(static_cast<char*>(x.data_ptr()))
        , m_half(x.scalar_type() == at::kBFloat16)
        , m_row(x.stride(0))
        , m_head(x.stride(1))
        , m_width(x.size(2))
    {
    }

    /// As fp32 times a factor, rows of `outWidth`.
    void read(
        std::int64_t row, std::int64_t head, std::int64_t count, float factor, float* out, std::int64_t outWidth) const
    {
        const std::int64_t at = row * m_row + head * m_head;
        if (m_half)
            kernels().widenHalf(half(at), m_row, count, m_width, factor, out, outWidth);
        else
            kernels().widenSingle(single(at), m_row, count, m_width, factor, out, outWidth);
    }

    /// factors: of each row, or null for 1
    void write(std::int64_t row, std::int64_t head, std::int64_t count, const float* in, std::int64_t inWidth,
        const float* factors = nullptr) const
    {
        const std::int64_t at = row * m_row + head * m_head;
        if (m_half)
            kernels().narrowHalf(in, inWidth, count, m_width, factors, half(at), m_row);
        else
            kernels().narrowSingle(in, inWidth, count, m_width, factors, single(at), m_row);
    }

private:
    float* single(std::int64_t at) const { return reinterpret_cast<float*>(m_data) + at; }
    std::uint16_t* half(std::int64_t at) const { return reinterpret_cast<std::uint16_t*>(m_data) + at; }

    char* m_data;
    bool m_half;
    std::int64_t m_row, m_head, m_width;
};

/// Calls work(i) for 0..count, each when a thread is free; what they do must not depend on each other.
void forEach(std::int64_t count, const std::function<void(std::int64_t)>& work)
{
    std::atomic<std::int64_t> next {0};
    const auto takeAll = [&] {
        for (std::int64_t i = next++; i < count; i = next++)
            work(i);
    };
    if (count == 1)
        takeAll();
    else
        inTeam([&](int, TeamBarrier&) { takeAll(); });
}

/// What is the same in all layers: the segments cut into pieces.
struct Pieces
{
    struct Piece
    {
        std::int64_t segment, first, count; ///< rows of the segment
    };
    std::vector<Piece> panels; ///< of at most kPanel rows, segment by segment
    std::vector<std::int64_t> firstPanel; ///< of each segment

    explicit Pieces(const std::vector<Segment>& segments)
    {
        for (std::size_t s = 0; s < segments.size(); ++s) {
            firstPanel.push_back(std::int64_t(panels.size()));
            add(panels, segments, s, kPanel);
        }
    }

    static void add(std::vector<Piece>& pieces, const std::vector<Segment>& segments, std::size_t s, std::int64_t size)
    {
        for (std::int64_t first = 0; first < segments[s].length; first += size)
            pieces.push_back({std::int64_t(s), first, std::min(size, segments[s].length - first)});
    }
};

/// Keys or values as the kernels read them, in fp32: rows of each head one after the other, or panels of 64 of them
/// with a row for each of their entries.
struct Operand
{
    std::int64_t width = 0, heads = 0, rowCount = 0;
    at::Tensor rowStore, panelStore;

    Operand(const at::Tensor& x, const std::vector<Segment>& segments, const Pieces& pieces, bool rows, bool panels)
        : width(wholeLanes(x.size(2)))
        , heads(x.size(1))
        , rowCount(x.size(0))
    {
        if (rows)
            rowStore = at::empty({heads, rowCount, width}, at::kFloat);
        if (panels)
            panelStore = at::empty({std::int64_t(pieces.panels.size()), heads, width, kPanel}, at::kFloat);
        const HeadRows in(x);
        forEach(std::int64_t(pieces.panels.size()), [&](std::int64_t i) {
            const Pieces::Piece& piece = pieces.panels[std::size_t(i)];
            const std::int64_t begin = segments[std::size_t(piece.segment)].begin + piece.first;
            std::vector<float> own(rows ? 0 : std::size_t(piece.count * width));
            for (std::int64_t head = 0; head < heads; ++head) {
                float* const lines = rows ? row(head, begin) : own.data();
                in.read(begin, head, piece.count, 1.0f, lines, width);
                if (!panels)
                    continue;
                float* const place = panel(i, head);
                for (std::int64_t w = 0; w < width; ++w) {
                    for (std::int64_t t = 0; t < piece.count; ++t)
                        place[w * kPanel + t] = lines[t * width + w];
                    std::fill(place + w * kPanel + piece.count, place + (w + 1) * kPanel, 0.0f);
                }
            }
        });
    }

    float* row(std::int64_t head, std::int64_t n) const
    {
        return rowStore.mutable_data_ptr<float>() + (head * rowCount + n) * width;
    }
    float* panel(std::int64_t number, std::int64_t head) const
    {
        return panelStore.mutable_data_ptr<float>() + (number * heads + head) * width * kPanel;
    }
};

/// What the rows of a segment see: its prefix and itself.
struct Source
{
    const Segment& segment;
    std::int64_t number = 0;
    bool causal = false;
};

std::vector<Source> sourcesOf(const Segment& segment, std::int64_t number, const std::vector<Segment>& segments)
{
    std::vector<Source> sources;
    if (segment.prefix >= 0)
        sources.push_back({segments[std::size_t(segment.prefix)], segment.prefix, false});
    sources.push_back({segment, number, true});
    return sources;
}

/// Calls work(source, first, count, panel) for runs of at most kChunk keys that the query rows before `end` see, of
/// each source.
template<class Work>
void forEachChunk(const Segment& segment, std::int64_t number, std::int64_t end, const std::vector<Segment>& segments,
    const Pieces& pieces, const Work& work)
{
    for (const Source& source : sourcesOf(segment, number, segments)) {
        const std::int64_t seen = source.causal ? end : source.segment.length;
        for (std::int64_t first = 0; first < seen; first += kChunk)
            work(source, first, std::min(kChunk, seen - first),
                pieces.firstPanel[std::size_t(source.number)] + first / kPanel);
    }
}

/// Of the `count` keys from `first` on, how many the query row `row` sees.
std::int64_t visibleKeys(const Source& source, std::int64_t first, std::int64_t count, std::int64_t row)
{
    return source.causal ? std::clamp<std::int64_t>(row + 1 - first, 0, count) : count;
}

/// scores (rows, kChunk) = rows of a times the panels that hold `count` keys
void scoresOf(const float* a, const Operand& operand, std::int64_t panel, std::int64_t head, std::int64_t count,
    float* scores, std::int64_t rows)
{
    for (std::int64_t t = 0; t < count; t += kPanel)
        kernels().product(a, operand.width, 1, operand.panel(panel + t / kPanel, head), kPanel, operand.width,
            scores + t, kChunk, rows, kPanel, false);
}

struct Forward
{
    at::Tensor out; ///< (N, H, W)
    at::Tensor logSums; ///< (N, H) fp32: of the e^scores
};

Forward attend(
    const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::vector<Segment>& segments, double scale)
{
    const std::int64_t N = q.size(0), H = q.size(1), K = k.size(1), G = H / K;
    const Pieces pieces(segments);
    const Operand keys(k, segments, pieces, false, true), values(v, segments, pieces, true, false);
    const std::int64_t width = keys.width;
    std::vector<Pieces::Piece> blocks;
    for (std::size_t s = 0; s < segments.size(); ++s)
        Pieces::add(blocks, segments, s, kQueries);

    Forward result {at::empty({N, H, q.size(2)}, q.options()), at::empty({N, H}, at::kFloat)};
    const HeadRows queries(q), out(result.out);
    float* const logSums = result.logSums.mutable_data_ptr<float>();
    const Kernels& kernel = kernels();
    forEach(std::int64_t(blocks.size()) * K, [&](std::int64_t item) {
        const auto [number, first, n] = blocks[std::size_t(item / K)];
        const std::int64_t head = item % K, rows = G * n;
        const Segment& segment = segments[std::size_t(number)];
        std::vector<float> a(std::size_t(rows * width)), sums(std::size_t(rows * width), 0.0f),
            scores(std::size_t(rows * kChunk)), totals(std::size_t(rows), 0.0f),
            largest(std::size_t(rows), -std::numeric_limits<float>::infinity());
        for (std::int64_t g = 0; g < G; ++g) // row g n + i: query i of head g
            queries.read(segment.begin + first, head * G + g, n, float(scale), a.data() + g * n * width, width);
        forEachChunk(segment, number, first + n, segments, pieces,
            [&](const Source& source, std::int64_t from, std::int64_t count, std::int64_t panel) {
                scoresOf(a.data(), keys, panel, head, count, scores.data(), rows);
                for (std::int64_t r = 0; r < rows; ++r) {
                    const float before
                        = kernel.joinScores(scores.data() + r * kChunk, visibleKeys(source, from, count, first + r % n),
                            wholeLanes(count), largest[std::size_t(r)], totals[std::size_t(r)]);
                    if (before != 1.0f)
                        kernel.multiplyRow(sums.data() + r * width, before, width);
                }
                kernel.product(scores.data(), kChunk, 1, values.row(head, source.segment.begin + from), width, count,
                    sums.data(), width, rows, width, true);
            });
        for (std::int64_t g = 0; g < G; ++g) {
            for (std::int64_t r = g * n; r < (g + 1) * n; ++r) {
                logSums[(segment.begin + first + r % n) * H + head * G + g]
                    = largest[std::size_t(r)] + std::log(totals[std::size_t(r)]);
                totals[std::size_t(r)] = 1.0f / totals[std::size_t(r)];
            }
            out.write(
                segment.begin + first, head * G + g, n, sums.data() + g * n * width, width, totals.data() + g * n);
        }
    });
    return result;
}

/// Segments that share keys: a prefix and those that see it.
std::vector<std::vector<std::int64_t>> families(const std::vector<Segment>& segments)
{
    std::vector<std::vector<std::int64_t>> all;
    std::vector<std::int64_t> familyOf(segments.size());
    for (std::size_t s = 0; s < segments.size(); ++s) {
        if (segments[s].prefix < 0) {
            familyOf[s] = std::int64_t(all.size());
            all.emplace_back();
        } else {
            familyOf[s] = familyOf[std::size_t(segments[s].prefix)];
        }
        all[std::size_t(familyOf[s])].push_back(std::int64_t(s));
    }
    return all;
}

/// The sum over the heads of a group. x: (H, N, width) -> (N, K, W) of `like`'s type
at::Tensor groupSum(const at::Tensor& x, const at::Tensor& like)
{
    const std::int64_t N = like.size(0), K = like.size(1), G = x.size(0) / K, width = x.size(2);
    const at::Tensor result = at::empty({N, K, like.size(2)}, like.options());
    const HeadRows out(result);
    float* const data = x.mutable_data_ptr<float>();
    overThreads(N, 64, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t head = 0; head < K; ++head) {
            float* const sum = data + (head * G * N + begin) * width;
            for (std::int64_t g = 1; g < G; ++g)
                kernels().addRow(sum, sum + g * N * width, (end - begin) * width);
            out.write(begin, head, end - begin, sum, width);
        }
    });
    return result;
}

struct Gradients
{
    at::Tensor q, k, v;
};

Gradients attendBackward(const at::Tensor& gradient, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
    const Forward& forward, const std::vector<Segment>& segments, double scale)
{
    const std::int64_t N = q.size(0), H = q.size(1), K = k.size(1), G = H / K;
    const Pieces pieces(segments);
    const Operand keys(k, segments, pieces, true, true), values(v, segments, pieces, false, true);
    const std::int64_t width = keys.width;
    const auto all = families(segments);
    const at::Tensor dq = at::empty({N, H, q.size(2)}, q.options());
    // Each query head has sums of its own, so that threads do not meet.
    const at::Tensor dk = at::empty({H, N, width}, at::kFloat), dv = at::empty({H, N, width}, at::kFloat);
    const HeadRows queries(q), outs(forward.out), gradients(gradient), queryGradients(dq);
    const float* const logSums = forward.logSums.const_data_ptr<float>();
    float *const keySums = dk.mutable_data_ptr<float>(), *const valueSums = dv.mutable_data_ptr<float>();
    const Kernels& kernel = kernels();
    forEach(std::int64_t(all.size()) * H, [&](std::int64_t item) {
        const std::int64_t head = item % H, keyHead = head / G;
        const auto& family = all[std::size_t(item / H)];
        const auto room = std::size_t(kQueriesBack * width);
        std::vector<float> a(room), out(room), g(room), sums(room), deltas(kQueriesBack),
            shares(std::size_t(kQueriesBack * kChunk)), changes(std::size_t(kQueriesBack * kChunk)),
            factors(kQueriesBack, float(scale));
        const auto place = [&](float* store, std::int64_t row) { return store + (head * N + row) * width; };
        for (const std::int64_t number : family) {
            const Segment& segment = segments[std::size_t(number)];
            for (float* store : {keySums, valueSums})
                std::fill_n(place(store, segment.begin), segment.length * width, 0.0f);
        }
        for (const std::int64_t number : family) {
            const Segment& segment = segments[std::size_t(number)];
            for (std::int64_t first = 0; first < segment.length; first += kQueriesBack) {
                const std::int64_t n = std::min(kQueriesBack, segment.length - first), begin = segment.begin + first;
                queries.read(begin, head, n, float(scale), a.data(), width);
                outs.read(begin, head, n, 1.0f, out.data(), width);
                gradients.read(begin, head, n, 1.0f, g.data(), width);
                for (std::int64_t i = 0; i < n; ++i)
                    deltas[std::size_t(i)] = kernel.dot(g.data() + i * width, out.data() + i * width, width);
                std::fill(sums.begin(), sums.end(), 0.0f);
                forEachChunk(segment, number, first + n, segments, pieces,
                    [&](const Source& source, std::int64_t from, std::int64_t count, std::int64_t panel) {
                        scoresOf(a.data(), keys, panel, keyHead, count, shares.data(), n);
                        scoresOf(g.data(), values, panel, keyHead, count, changes.data(), n);
                        for (std::int64_t i = 0; i < n; ++i)
                            kernel.shareGradients(shares.data() + i * kChunk, changes.data() + i * kChunk,
                                visibleKeys(source, from, count, first + i), wholeLanes(count),
                                logSums[(begin + i) * H + head], deltas[std::size_t(i)]);
                        const std::int64_t row = source.segment.begin + from;
                        kernel.product(shares.data(), 1, kChunk, g.data(), width, n, place(valueSums, row), width,
                            count, width, true);
                        kernel.product(changes.data(), 1, kChunk, a.data(), width, n, place(keySums, row), width, count,
                            width, true);
                        kernel.product(changes.data(), kChunk, 1, keys.row(keyHead, row), width, count, sums.data(),
                            width, n, width, true);
                    });
                queryGradients.write(begin, head, n, sums.data(), width, factors.data());
            }
        }
    });
    return {dq, groupSum(dk, k), groupSum(dv, v)};
}

/// Entries of a row beside each other.
at::Tensor withPlainRows(const at::Tensor& x) { return x.stride(2) == 1 ? x : x.contiguous(); }

struct PackedAttention : torch::autograd::Function<PackedAttention>
{
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& qIn, const at::Tensor& kIn,
        const at::Tensor& vIn, const std::vector<Segment>* segments, double scale)
    {
        const at::Tensor q = withPlainRows(qIn), k = withPlainRows(kIn), v = withPlainRows(vIn);
        const Forward result = attend(q, k, v, *segments, scale);
        context->save_for_backward({q, k, v, result.out, result.logSums});
        std::vector<std::int64_t> numbers;
        for (const Segment& segment : *segments)
            numbers.insert(numbers.end(), {segment.begin, segment.length, segment.prefix});
        context->saved_data["segments"] = numbers;
        context->saved_data["scale"] = scale;
        return result.out;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const auto numbers = context->saved_data["segments"].toIntVector();
        std::vector<Segment> segments;
        for (std::size_t i = 0; i < numbers.size(); i += 3)
            segments.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
        const Gradients result = attendBackward(withPlainRows(gradients[0]), saved[0], saved[1], saved[2],
            {saved[3], saved[4]}, segments, context->saved_data["scale"].toDouble());
        return {result.q, result.k, result.v, {}, {}};
    }
};

} // namespace

at::Tensor attendPacked(
    const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::vector<Segment>& segments, double scale)
{
    return PackedAttention::apply(q, k, v, &segments, scale);
}

} // namespace mpo
