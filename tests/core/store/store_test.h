// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"
#include "core/support/error.h"

#include <QTemporaryDir>

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

/// The sentence of the Error that `work` throws; empty if it throws none.
template<class Work>
std::string errorOf(const Work& work)
{
    try {
        work();
    } catch (const mpo::Error& error) {
        return error.what();
    }
    return {};
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Runs `work` in a child process that then ends without any destructor, as after a crash, with the code that `work`
/// returns.
template<class Work>
int exitCodeOfChild(const Work& work)
{
    const pid_t child = ::fork();
    if (child == 0) {
        int code = 99;
        try {
            code = work();
        } catch (...) {
        }
        ::_exit(code);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// A folder that goes away with the object, and the path of a project in it.
struct TemporaryProject
{
    QTemporaryDir root;
    std::filesystem::path folder = std::filesystem::path(root.path().toStdString()) / "test.mpo";

    std::shared_ptr<mpo::Project> open() const { return mpo::Project::open(folder); }
    std::shared_ptr<mpo::Project> read() const { return mpo::Project::open(folder, mpo::Project::Access::ReadOnly); }
};

/// A row of the store of which only the names matter.
template<class Row>
Row named(const std::string& name)
{
    Row row;
    row.name = name;
    return row;
}

template<class Row>
Row namedFor(const std::string& name, const std::string& dataset)
{
    auto row = named<Row>(name);
    row.dataset = dataset;
    return row;
}

inline mpo::Dataset smallDataset(const std::string& name, int pairs = 5)
{
    mpo::Dataset dataset;
    dataset.name = name;
    for (int i = 0; i < pairs; ++i) {
        mpo::PreferencePair pair;
        pair.prompt = fmt::format("prompt {} \xc3\xa4\xe2\x82\xac", i);
        pair.chosen = fmt::format("chosen {}", i);
        pair.rejected = fmt::format("rejected {}", i);
        pair.line = i + 1;
        dataset.pairs.push_back(std::move(pair));
    }
    return dataset;
}
