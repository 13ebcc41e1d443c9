// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mpo {

/// How a field is stored (protobuf's encoding guide, "Message Structure").
enum class Wire : std::uint32_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

/// The fields of one message of the protobuf wire format, one after the other. Bytes that are no message throw Error
/// with a sentence that begins with `what` ("an event", "the model"), a literal. What it hands out lives as long as the
/// bytes.
class ProtobufFields
{
public:
    ProtobufFields(std::string_view bytes, std::string_view what)
        : m_rest(bytes)
        , m_what(what)
    {
    }

    bool next();
    bool is(std::uint32_t wanted, Wire kind) const { return number == wanted && wire == kind; }
    std::uint64_t takeVarint(); ///< of a packed field

    std::uint32_t number = 0;
    Wire wire = Wire::Varint;
    std::uint64_t value = 0; ///< of Varint, else 0
    std::string_view bytes; ///< of the others, else empty

private:
    std::string_view take(std::uint64_t length);

    std::string_view m_rest, m_what;
};

/// The number that begins `bytes`, which must hold as many as it takes.
template<class Number>
Number numberFrom(std::string_view bytes)
{
    static_assert(std::endian::native == std::endian::little);
    Number value {};
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

} // namespace mpo
