// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What a rank does not have counts as 0, so that sums over the ranks are what the one rank has that does.
#include "core/stage/ppo_exchange.h"

namespace mpo {

void exchangeResponses(std::vector<Episode>& episodes, Block own, Communicator& ranks)
{
    if (ranks.alone())
        return;
    const std::size_t count = episodes.size();
    std::vector<std::int64_t> heads(2 * count); // length and end of each
    for (std::int64_t i = own.first; i < own.last; ++i) {
        heads[2 * std::size_t(i)] = std::int64_t(episodes[std::size_t(i)].response.size());
        heads[2 * std::size_t(i) + 1] = episodes[std::size_t(i)].finished ? 1 : 0;
    }
    ranks.sum(heads);
    std::vector<std::int64_t> ids;
    std::vector<double> logProbs;
    for (std::size_t i = 0; i < count; ++i) {
        Episode& episode = episodes[i];
        const auto length = std::size_t(heads[2 * i]);
        if (std::int64_t(i) < own.first || std::int64_t(i) >= own.last) {
            episode.response.assign(length, 0);
            episode.terms.logProbs.assign(length, 0.0);
            episode.finished = heads[2 * i + 1] != 0;
        }
        ids.insert(ids.end(), episode.response.begin(), episode.response.end());
        logProbs.insert(logProbs.end(), episode.terms.logProbs.begin(), episode.terms.logProbs.end());
    }
    ranks.sum(ids);
    ranks.sum(logProbs);
    std::size_t first = 0;
    for (Episode& episode : episodes)
        for (std::size_t t = 0; t < episode.response.size(); ++t, ++first) {
            episode.response[t] = TokenId(ids[first]);
            episode.terms.logProbs[t] = logProbs[first];
        }
}

void exchangeTerms(std::vector<Episode>& episodes, const std::vector<bool>& own, bool withSft, Communicator& ranks)
{
    if (ranks.alone())
        return;
    std::vector<double> flat;
    const auto exchange = [&](const std::function<std::vector<double>&(Episode&)>& list) {
        flat.clear();
        for (std::size_t i = 0; i < episodes.size(); ++i) {
            std::vector<double>& values = list(episodes[i]);
            if (!own[i])
                values.assign(episodes[i].response.size(), 0.0);
            flat.insert(flat.end(), values.begin(), values.end());
        }
        ranks.sum(flat);
        auto next = flat.begin();
        for (Episode& episode : episodes) {
            std::vector<double>& values = list(episode);
            std::copy_n(next, values.size(), values.begin());
            next += std::ptrdiff_t(values.size());
        }
    };
    exchange([](Episode& e) -> std::vector<double>& { return e.terms.logProbs; }); // in bf16 they were computed anew
    exchange([](Episode& e) -> std::vector<double>& { return e.terms.referenceLogProbs; });
    exchange([](Episode& e) -> std::vector<double>& { return e.terms.values; });
    if (withSft)
        exchange([](Episode& e) -> std::vector<double>& { return e.sftLogProbs; });
    std::vector<double> scores;
    for (std::size_t i = 0; i < episodes.size(); ++i)
        scores.push_back(own[i] ? episodes[i].rawScore : 0.0);
    ranks.sum(scores);
    for (std::size_t i = 0; i < episodes.size(); ++i)
        episodes[i].rawScore = scores[i];
}

} // namespace mpo
