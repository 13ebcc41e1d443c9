// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_loader.h"

#include "core/store/project.h"
#include "core/support/error.h"
#include "core/support/json.h"
#include "ui/format.h"

#include <QSaveFile>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <utility>

namespace mpo {

namespace {

constexpr std::int64_t kChunk
    = 4096; ///< pairs read at once: the UI thread waits for the store no longer than this takes

Json rowOf(const PreferencePair& pair)
{
    const bool ids = pair.hasIds();
    const auto value = [&](const std::string& text, const TokenIds& tokens) { return ids ? Json(tokens) : Json(text); };
    const std::string suffix = ids ? "_ids" : "";
    Json prompt = value(pair.prompt, pair.promptIds);
    Json chosen = value(pair.chosen, pair.chosenIds), rejected = value(pair.rejected, pair.rejectedIds);
    if (!pair.turns.empty()) {
        const auto message = [](const std::string& role, const Json& text) {
            return Json {{"role", role}, {"content", text}};
        };
        prompt = Json::array();
        for (const ChatMessage& turn : pair.turns)
            prompt.push_back(message(turn.role, turn.content));
        chosen = Json::array({message("assistant", chosen)});
        rejected = Json::array({message("assistant", rejected)});
    }
    return Json {{"prompt" + suffix, prompt}, {"chosen" + suffix, chosen}, {"rejected" + suffix, rejected}};
}

/// Calls `each` with the number and the pair, in order, until `stop`.
template<class Each>
void forEachPair(
    const Project& project, const std::string& dataset, std::int64_t count, const std::stop_token& stop, Each each)
{
    for (std::int64_t first = 0; first < count && !stop.stop_requested(); first += kChunk) {
        std::int64_t number = first;
        for (PreferencePair& pair : project.pairs(dataset, first, std::min(kChunk, count - first)))
            each(number++, pair);
    }
}

Split splitOf(const SplitData& data, const SplitRule& rule)
{
    // The gaps have the edits in them; a split wants those of the data set.
    std::vector<double> gaps = data.gaps;
    for (const std::int64_t pair : data.edits.flipped)
        gaps[std::size_t(pair)] = -gaps[std::size_t(pair)];
    return splitPairs(gaps, rule, data.edits);
}

const char* nameOf(Bucket bucket)
{
    return bucket == Bucket::Easy         ? "easy"
        : bucket == Bucket::Hard          ? "hard"
        : bucket == Bucket::Contradictory ? "contradictory"
                                          : "dropped";
}

QString cellOf(double value) { return std::isnan(value) ? QString() : QString::number(value, 'g', 9); }

void open(QSaveFile& file)
{
    if (!file.open(QIODevice::WriteOnly))
        fail("{}: cannot be written ({})", file.fileName().toStdString(), file.errorString().toStdString());
}

void writeLine(QSaveFile& file, const std::string& line)
{
    if (file.write(line.data(), qint64(line.size())) != qint64(line.size()) || !file.putChar('\n'))
        fail("{}: cannot be written ({})", file.fileName().toStdString(), file.errorString().toStdString());
}

void commit(QSaveFile& file)
{
    if (!file.commit())
        fail("{}: cannot be written ({})", file.fileName().toStdString(), file.errorString().toStdString());
}

} // namespace

SplitLoader::SplitLoader(Project& project, QObject* parent)
    : QObject(parent)
    , m_project(project)
{
}

void SplitLoader::cancel() { m_loading = {}; }

void SplitLoader::load(const std::string& scoreSet, const std::string& dataset)
{
    m_loading = std::jthread([this, scoreSet, dataset](const std::stop_token& stop) {
        try {
            const auto data = std::make_shared<const SplitData>(
                scoreSet, dataset, m_project.loadScores(scoreSet), m_project.pairEdits(dataset));
            if (stop.stop_requested())
                return;
            Q_EMIT loaded(data);

            std::vector<std::int32_t> difference(data->gaps.size(), 0);
            std::vector<float> confidence;
            forEachPair(m_project, dataset, data->total(), stop, [&](std::int64_t number, const PreferencePair& pair) {
                difference[std::size_t(number)] = pair.hasIds()
                    ? std::int32_t(pair.chosenIds.size()) - std::int32_t(pair.rejectedIds.size())
                    : countCharacters(pair.chosen) - countCharacters(pair.rejected);
                if (!pair.confidence)
                    return;
                confidence.resize(data->gaps.size(), std::numeric_limits<float>::quiet_NaN()); // at the first
                confidence[std::size_t(number)] = float(*pair.confidence);
            });
            if (stop.stop_requested())
                return;
            Q_EMIT lengthsMeasured(measureLengths(*data, std::move(difference)));
            if (!confidence.empty())
                Q_EMIT confidenceRead(
                    toQString(scoreSet), std::make_shared<const std::vector<float>>(std::move(confidence)));
        } catch (const std::exception& error) {
            if (!stop.stop_requested())
                Q_EMIT failed(toQString(error.what()));
        }
    });
}

void SplitLoader::loadSecond(std::shared_ptr<const SplitData> data, const std::string& scoreSet)
{
    m_comparing = std::jthread([this, data = std::move(data), scoreSet](const std::stop_token& stop) {
        try {
            const auto scores = std::make_shared<const SecondScores>(data, scoreSet, m_project.loadScores(scoreSet));
            if (!stop.stop_requested())
                Q_EMIT secondLoaded(scores);
        } catch (const std::exception& error) {
            if (!stop.stop_requested())
                Q_EMIT failed(toQString(error.what()));
        }
    });
}

void SplitLoader::exportSplit(
    std::shared_ptr<const SplitData> data, const SplitRule& rule, const QString& easyFile, const QString& hardFile)
{
    m_exporting = std::jthread([this, data = std::move(data), rule, easyFile, hardFile](const std::stop_token& stop) {
        try {
            const Split split = splitOf(*data, rule);
            enum class Where : std::uint8_t { Nowhere, Easy, Hard };
            std::vector<Where> where(data->gaps.size(), Where::Nowhere);
            const std::vector<std::int64_t> easyPairs = split.easyPairs(), hardPairs = split.hardPairs();
            for (const std::int64_t pair : easyPairs)
                where[std::size_t(pair)] = Where::Easy;
            for (const std::int64_t pair : hardPairs)
                where[std::size_t(pair)] = Where::Hard;

            QSaveFile easy(easyFile), hard(hardFile);
            open(easy);
            open(hard);
            forEachPair(m_project, data->dataset, data->total(), stop, [&](std::int64_t number, PreferencePair& pair) {
                if (where[std::size_t(number)] == Where::Nowhere)
                    return;
                if (split.flipped(number))
                    exchangeResponses(pair);
                writeLine(where[std::size_t(number)] == Where::Easy ? easy : hard, toLine(rowOf(pair)));
            });
            if (stop.stop_requested())
                return;
            commit(easy);
            commit(hard);
            Q_EMIT exported(tr("Exported %1 easy pairs to %2 and %3 hard pairs to %4")
                                .arg(formatCount(qint64(easyPairs.size())), formatFolder(easyFile),
                                    formatCount(qint64(hardPairs.size())), formatFolder(hardFile)));
        } catch (const std::exception& error) {
            Q_EMIT failed(toQString(error.what()));
        }
    });
}

void SplitLoader::exportScores(std::shared_ptr<const SplitData> data, const SplitRule& rule, const QString& file)
{
    m_exporting = std::jthread([this, data = std::move(data), rule, file](const std::stop_token& stop) {
        try {
            const Split split = splitOf(*data, rule);
            std::vector<PairScore> scores = m_project.loadScores(data->scoreSet);
            for (const std::int64_t pair : data->edits.flipped)
                std::swap(scores[std::size_t(pair)].chosen, scores[std::size_t(pair)].rejected);
            QSaveFile out(file);
            open(out);
            writeLine(out, "pair,chosen_score,rejected_score,gap,bucket,by_hand");
            for (std::size_t i = 0; i < scores.size() && !stop.stop_requested(); ++i) {
                const bool flipped
                    = std::binary_search(data->edits.flipped.begin(), data->edits.flipped.end(), std::int64_t(i));
                const char* byHand = split.buckets[i] == Bucket::Dropped ? "dropped" : flipped ? "flipped" : "";
                writeLine(out,
                    QStringList {QString::number(i + 1), cellOf(scores[i].chosen), cellOf(scores[i].rejected),
                        cellOf(scores[i].gap()), QLatin1String(nameOf(split.buckets[i])), QLatin1String(byHand)}
                        .join(QLatin1Char(','))
                        .toStdString());
            }
            if (stop.stop_requested())
                return;
            commit(out);
            Q_EMIT exported(tr("Exported %1 scores to %2").arg(formatCount(qint64(scores.size())), formatFolder(file)));
        } catch (const std::exception& error) {
            Q_EMIT failed(toQString(error.what()));
        }
    });
}

} // namespace mpo
