#include "harness/command.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace annsmith::harness {
namespace {

Failure Usage(const std::string& detail) { return {"protocol", "usage", detail, ""}; }

int HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

std::optional<std::string> PercentDecode(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    // A zero byte would cut a path short behind our back.
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    plain += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return plain;
}

std::optional<uint64_t> ParseInteger(const std::string& text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

Outcome<Command> Command::Parse(const std::string& line) {
  std::istringstream words(line);
  Command command;
  if (!(words >> command.verb_)) return Usage("an empty line is no command");
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Usage("\"" + word + "\" is not key=value");
    }
    const std::string key = word.substr(0, equals);
    const auto value = PercentDecode(word.substr(equals + 1));
    if (!value) return Usage("the value of " + key + " is not percent-encoded text");
    if (!command.values_.emplace(key, *value).second) return Usage(key + " is given twice");
  }
  return command;
}

const std::string* Command::Find(const std::string& key) {
  asked_.insert(key);
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

void Command::Wrong(const std::string& key, const std::string& what) {
  if (!wrong_) wrong_ = Usage(verb_ + ": " + key + " " + what);
}

bool Command::Has(const std::string& key) { return Find(key) != nullptr; }

std::string Command::Text(const std::string& key) {
  const std::string* value = Find(key);
  if (value == nullptr || value->empty()) {
    Wrong(key, "is missing");
    return "";
  }
  return *value;
}

std::string Command::TextOr(const std::string& key, const std::string& fallback) {
  const std::string* value = Find(key);
  return value == nullptr ? fallback : *value;
}

uint64_t Command::Integer(const std::string& key, uint64_t least, uint64_t most) {
  const std::string* text = Find(key);
  if (text == nullptr) {
    Wrong(key, "is missing");
    return least;
  }
  const auto value = ParseInteger(*text);
  if (!value || *value < least || *value > most) {
    Wrong(key, "must be an integer from " + std::to_string(least) + " to " + std::to_string(most) +
                   ", not \"" + *text + "\"");
    return least;
  }
  return *value;
}

uint64_t Command::IntegerOr(const std::string& key, uint64_t least, uint64_t most,
                            uint64_t fallback) {
  return Has(key) ? Integer(key, least, most) : fallback;
}

double Command::NumberOr(const std::string& key, double fallback) {
  const std::string* text = Find(key);
  if (text == nullptr) return fallback;
  char* end = nullptr;
  const double value = std::strtod(text->c_str(), &end);
  if (text->empty() || *end != '\0' || !std::isfinite(value) || value < 0) {
    Wrong(key, "must be a number of at least 0, not \"" + *text + "\"");
    return fallback;
  }
  return value;
}

RowRange Command::Rows(const std::string& key, uint64_t limit) {
  const std::string* text = Find(key);
  const size_t colon = text == nullptr ? std::string::npos : text->find(':');
  if (colon == std::string::npos) {
    Wrong(key, text == nullptr ? "is missing" : "must be start:count");
    return {};
  }
  const auto start = ParseInteger(text->substr(0, colon));
  const auto count = ParseInteger(text->substr(colon + 1));
  if (!start || !count || *count == 0 || *start > limit || *count > limit - *start) {
    Wrong(key, "must be start:count within the " + std::to_string(limit) + " query rows, not \"" +
                   *text + "\"");
    return {};
  }
  return {*start, *count};
}

Result Command::Finish() const {
  if (wrong_) return *wrong_;
  for (const auto& [key, value] : values_) {
    if (asked_.count(key) == 0) return Usage(verb_ + " takes no " + key);
  }
  return Nothing{};
}

std::string PercentEncode(const std::string& text) {
  static const char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const unsigned char byte : text) {
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                       (byte >= 'A' && byte <= 'Z') || std::strchr("-_.~", byte) != nullptr;
    if (plain && byte != 0) {
      encoded += static_cast<char>(byte);
    } else {
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

}  // namespace annsmith::harness
