// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/checkpoint.h"

#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/log.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr auto kTensors = "state.safetensors";
constexpr auto kValues = "state.json";
constexpr auto kManifest = "MANIFEST.json";

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

void writeCheckpoint(const fs::path& folder, std::int64_t step, const Json& values, const NamedTensors& tensors)
{
    const fs::path target = folder / std::to_string(step);
    const fs::path temporary = folder / ("writing-" + std::to_string(step));
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
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
    const auto steps = stepsIn(folder);
    for (std::size_t i = 2; i < steps.size(); ++i)
        fs::remove_all(folder / std::to_string(steps[i]), ignored);
}

std::optional<Checkpoint> readNewestCheckpoint(const fs::path& folder)
{
    for (const std::int64_t step : stepsIn(folder)) {
        const fs::path candidate = folder / std::to_string(step);
        try {
            if (!verifies(candidate)) {
                log().warn("{}: damaged, trying the checkpoint before it", candidate.string());
                continue;
            }
            Checkpoint checkpoint;
            checkpoint.step = step;
            checkpoint.values = readJsonFile(candidate / kValues);
            checkpoint.tensors = readTensorFile(candidate / kTensors);
            return checkpoint;
        } catch (const std::exception& error) {
            log().warn("{}: {}", candidate.string(), error.what());
        }
    }
    return std::nullopt;
}

namespace {
constexpr std::chrono::seconds kShortestInterval {120};
constexpr int kWriteTimesBetween = 30; // writing costs at most 1/30 of the time
} // namespace

CheckpointClock::CheckpointClock(std::int64_t everySteps)
    : m_everySteps(everySteps)
    , m_next(std::chrono::steady_clock::now() + kShortestInterval)
{
}

bool CheckpointClock::due(std::int64_t stepsDone) const
{
    return m_everySteps > 0 ? stepsDone % m_everySteps == 0 : dueByTime();
}

bool CheckpointClock::dueByTime() const { return m_everySteps == 0 && std::chrono::steady_clock::now() >= m_next; }

void CheckpointClock::time(const std::function<void()>& write)
{
    const auto begin = std::chrono::steady_clock::now();
    write();
    const auto end = std::chrono::steady_clock::now();
    m_next = end + std::max<std::chrono::steady_clock::duration>(kShortestInterval, kWriteTimesBetween * (end - begin));
}

} // namespace mpo
