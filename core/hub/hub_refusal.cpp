// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hub/hub_refusal.h"

#include "core/support/error.h"

namespace mpo {

namespace {

constexpr long kUnauthorized = 401, kForbidden = 403, kNotFound = 404;

} // namespace

void failRefused(const HubReply& reply, const HubRequest& request)
{
    const std::string code = reply.header("x-error-code");
    const std::string& model = request.repository;
    if (code == "GatedRepo" || (reply.status == kForbidden && code.empty()))
        fail("{}: the model is gated; accept its licence on {}/{}, {}", model, request.endpoint, model,
            request.token ? "with the account that HF_TOKEN belongs to"
                          : "then set HF_TOKEN to a token of that account (Settings, Access Tokens)");
    if (code == "RevisionNotFound")
        fail("{}: there is no revision \"{}\"", model, request.revision);
    if (reply.status == kUnauthorized && request.token && code.empty())
        fail("{}: the hub does not accept the token in HF_TOKEN (or in the file of `hf auth login`)", model);
    if (reply.status == kUnauthorized || code == "RepoNotFound")
        fail("{}: there is no such model on {}, or it is private; look at the spelling{}", model, request.endpoint,
            request.token ? "" : ", or set HF_TOKEN");
    if (reply.status == kNotFound)
        fail("{}: {} is not there (revision \"{}\")", model, request.what, request.revision);
    fail("{}: {} cannot be had; the hub answers HTTP {}", model, request.what, reply.status);
}

} // namespace mpo
