// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <functional>
#include <memory>

class QObject;

namespace mpo {

/// Secrets by account, kept outside of projects and settings. Answers come later, on the UI thread, and not at all once
/// `context` is gone. `error`: a sentence; empty when it went well.
class KeyStore
{
public:
    virtual ~KeyStore() = default;

    /// An empty key without an error: none is kept.
    virtual void read(const QString& account, QObject* context,
        const std::function<void(const QString& key, const QString& error)>& done)
        = 0;
    virtual void write(const QString& account, const QString& key, QObject* context,
        const std::function<void(const QString& error)>& done)
        = 0;
    /// No error where none is kept.
    virtual void remove(const QString& account, QObject* context, const std::function<void(const QString& error)>& done)
        = 0;
};

/// The keychain of the desktop (Secret Service or KWallet), through QtKeychain; null in a build without it.
std::unique_ptr<KeyStore> systemKeychain();

} // namespace mpo
