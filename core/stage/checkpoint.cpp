// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/checkpoint.h"

#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/log.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr auto kTensors = "state.safetensors";
constexpr auto kValues = "state.json";
constexpr auto kManifest = "MANIFEST.json";
constexpr std::string_view kUnfinished = "writing-"; ///< what a program leaves that dies while it writes

/// Steps of the checkpoints in a folder, newest first.
std::vector<std::int64_t> stepsIn(const fs::path& folder)
{
    std::vector<std::int64_t> steps;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        const std::string name = entry.path().filename().string();
        std::int64_t step = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), step);
        if (error == std::errc() && end == name.data() + name.size())
            steps.push_back(step);
    }
    std::sort(steps.rbegin(), steps.rend());
    return steps;
}

bool verifies(const fs::path& folder)
{
    const Json manifest = readJsonFile(folder / kManifest);
    for (const auto& [name, digest] : manifest.at("sha256").items())
        if (sha256OfFile(folder / fs::path(name).filename()) != digest.get<std::string>())
            return false;
    return true;
}

/// Step of the best model at the time of the checkpoint; -1: none.
std::int64_t bestOf(const fs::path& checkpoint)
{
    try {
        return readJsonFile(checkpoint / kValues).at("best").at("step").get<std::int64_t>();
    } catch (const std::exception&) { // none, or damaged
        return -1;
    }
}

void removeOld(const fs::path& folder, std::int64_t keep)
{
    const auto steps = stepsIn(folder);
    const auto kept = std::min(steps.size(), std::size_t(keep));
    std::set<std::int64_t> best;
    for (std::size_t i = 0; i < kept; ++i)
        best.insert(bestOf(folder / std::to_string(steps[i])));
    std::error_code ignored;
    for (std::size_t i = kept; i < steps.size(); ++i)
        if (!best.contains(steps[i]))
            fs::remove_all(folder / std::to_string(steps[i]), ignored);
}

void removeUnfinished(const fs::path& folder)
{
    std::error_code ignored;
    std::vector<fs::path> left;
    for (const auto& entry : fs::directory_iterator(folder, ignored))
        if (entry.path().filename().string().starts_with(kUnfinished))
            left.push_back(entry.path());
    for (const fs::path& path : left)
        fs::remove_all(path, ignored);
}

} // namespace

void Checkpoint::restoreParameters(const NamedTensors& parameters, const std::string& prefix) const
{
    const at::NoGradGuard noGrad;
    for (const auto& [name, parameter] : parameters) {
        const auto found = tensors.find(prefix + name);
        if (found == tensors.end() || found->second.sizes() != parameter.sizes())
            fail("The checkpoint of step {} is of another model (tensor {}); start again with --restart", step, name);
        at::Tensor target = parameter;
        target.copy_(found->second);
    }
}

void writeCheckpoint(
    const fs::path& folder, std::int64_t step, const Json& values, const NamedTensors& tensors, std::int64_t keep)
{
    const fs::path target = folder / std::to_string(step);
    const fs::path temporary = folder / (std::string(kUnfinished) + std::to_string(step));
    std::error_code ignored;
    removeUnfinished(folder);
    try {
        fs::create_directories(temporary);
        writeTensorFile(temporary / kTensors, tensors);
        writeJsonFile(temporary / kValues, values);
        Json manifest;
        manifest["step"] = step;
        for (const auto* name : {kTensors, kValues})
            manifest["sha256"][name] = sha256OfFile(temporary / name);
        writeJsonFile(temporary / kManifest, manifest);
        if (const int error = replaceFolder(temporary, target))
            throw fs::filesystem_error("", target, std::error_code(error, std::generic_category()));
    } catch (const fs::filesystem_error& error) {
        fs::remove_all(temporary, ignored);
        fail("{}: the checkpoint could not be written ({}); the previous one is intact", target.string(),
            error.code().message());
    } catch (...) {
        fs::remove_all(temporary, ignored);
        throw;
    }
    removeOld(folder, keep);
}

std::optional<Checkpoint> readCheckpoint(const fs::path& folder, std::int64_t step)
{
    const fs::path candidate = folder / std::to_string(step);
    try {
        if (!verifies(candidate)) {
            log().warn("{}: damaged", candidate.string());
            return std::nullopt;
        }
        Checkpoint checkpoint;
        checkpoint.step = step;
        checkpoint.values = readJsonFile(candidate / kValues);
        checkpoint.tensors = readTensorFile(candidate / kTensors);
        return checkpoint;
    } catch (const std::exception& error) {
        log().warn("{}: {}", candidate.string(), error.what());
        return std::nullopt;
    }
}

std::optional<Checkpoint> readNewestCheckpoint(const fs::path& folder)
{
    for (const std::int64_t step : stepsIn(folder))
        if (auto checkpoint = readCheckpoint(folder, step))
            return checkpoint;
    return std::nullopt;
}

} // namespace mpo
