#include "tacos-gateway/options.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using Environment = std::map<std::string, std::string>;

core::Result<GatewayCommand> parse(std::vector<const char*> arguments, const Environment& environment = {}) {
  return parse_gateway_options(arguments, environment);
}

std::string error_of(std::vector<const char*> arguments, const Environment& environment = {}) {
  const auto parsed = parse(std::move(arguments), environment);
  return parsed.has_error() ? parsed.error().message : "no error";
}

class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text)
      : path_((std::filesystem::temp_directory_path() / ("tacos-options-" + std::to_string(::getpid()))).string()) {
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  const char* path() const { return path_.c_str(); }

 private:
  std::string path_;
};

TEST(GatewayOptions, DefaultsAreTheContracts) {
  const auto parsed = parse({});
  ASSERT_TRUE(parsed.has_value());
  const GatewayOptions& options = parsed->options;
  EXPECT_EQ(options.store, "embedded");
  EXPECT_EQ(options.listen, "127.0.0.1:8080");
  EXPECT_EQ(options.admission_rate.per_second(), 1000);
  EXPECT_EQ(options.admission_burst, 100u);
  EXPECT_EQ(options.seats, 10'000u);
  EXPECT_EQ(options.turn_ttl, 30s);
  EXPECT_EQ(options.grant_ttl, 30s);
  EXPECT_EQ(options.heartbeat_ttl, 60s);
  EXPECT_GE(options.threads, 1u);
  EXPECT_LE(options.threads, 2u);
}

TEST(GatewayOptions, TakesTheContractsCommandLine) {
  const auto parsed = parse({"--store",
                             "embedded",
                             "--listen=127.0.0.1:9090",
                             "--admission-rate",
                             "1.5k",
                             "--admission-burst",
                             "100",
                             "--seats",
                             "20k",
                             "--turn-ttl",
                             "1m",
                             "--grant-ttl",
                             "45s",
                             "--heartbeat-ttl",
                             "90s",
                             "--hold-ttl",
                             "5m",
                             "--opening-delay",
                             "10s",
                             "--threads",
                             "3",
                             "--log-format",
                             "text"});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->options.listen, "127.0.0.1:9090");
  EXPECT_EQ(parsed->options.admission_rate.per_second(), 1500);
  EXPECT_EQ(parsed->options.seats, 20'000u);
  EXPECT_EQ(parsed->options.turn_ttl, 60s);
  EXPECT_EQ(parsed->options.hold_ttl, 5min);
  EXPECT_EQ(parsed->options.threads, 3u);
}

TEST(GatewayOptions, TakesARedisForTheStoreAndThenTheWatermarkForPositions) {
  const auto parsed = parse({"--store", "redis://user:secret@example.org/2", "--store-timeout", "300ms"});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_FALSE(parsed->options.embedded());
  EXPECT_EQ(parsed->options.position_used(), "watermark");
  EXPECT_EQ(parsed->options.store_timeout, 300ms);
  EXPECT_EQ(parse({"--store", "unix:///run/redis.sock", "--position", "index"})->options.position_used(), "index");
  EXPECT_EQ(parse({})->options.position_used(), "index");
  EXPECT_THAT(error_of({"--store", "redis://user:secret@"}), Not(HasSubstr("secret")));
}

TEST(GatewayOptions, WaitsForReplicasOfARedisWellWithinItsTime) {
  EXPECT_EQ(parse({})->options.store_replicas, 0u);
  const auto parsed = parse({"--store", "redis://db", "--store-replicas", "2", "--store-replicas-timeout", "250ms"});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->options.store_replicas, 2u);
  EXPECT_EQ(parsed->options.store_replicas_timeout, 250ms);
  EXPECT_EQ(error_of({"--store-replicas", "1"}),
            "--store-replicas: 1 needs a Redis that has replicas; name it with --store");
  EXPECT_EQ(error_of({"--store", "redis://db", "--store-replicas", "1", "--store-timeout", "300ms"}),
            "--store-replicas-timeout (100ms) may be a quarter of --store-timeout (300ms) at most");
  EXPECT_EQ(error_of({"--store", "redis://db", "--store-replicas", "1", "--store-timeout", "200ms",
                      "--store-replicas-timeout", "50ms"}),
            "--store-timeout (200ms) is too short for --store-replicas-timeout (50ms): 300ms at least, since a Redis "
            "that has nothing else to do ends a WAIT up to 100ms late, and a request may wait for two");
  EXPECT_TRUE(parse({"--store", "redis://db", "--store-replicas", "1", "--store-timeout", "400ms"}).has_value());
  EXPECT_TRUE(parse({"--store", "redis://db", "--store-timeout", "200ms"}).has_value()) << "it does not wait";
}

TEST(GatewayOptions, AFlagBeatsTheFileAndTheFileBeatsTheEnvironment) {
  const ConfigFile file("# a comment\nseats = 2\nadmission-burst = 20\n");
  const auto parsed = parse(
      {"--seats", "1", "--config", file.path()},
      {{"TACOS_GATEWAY_SEATS", "3"}, {"TACOS_GATEWAY_ADMISSION_BURST", "30"}, {"TACOS_GATEWAY_ADMISSION_RATE", "300"}});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->options.seats, 1u);
  EXPECT_EQ(parsed->options.admission_burst, 20u);
  EXPECT_EQ(parsed->options.admission_rate.per_second(), 300);
}

TEST(GatewayOptions, TheEnvironmentMayNameTheFile) {
  const ConfigFile file("seats = 7\n");
  const auto parsed = parse({}, {{"TACOS_GATEWAY_CONFIG", file.path()}});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->options.seats, 7u);
}

TEST(GatewayOptions, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(error_of({"--seats", "0"}), HasSubstr("--seats: '0' is not a whole number from 1 to 10000000"));
  EXPECT_THAT(error_of({"--turn-ttl", "30"}), HasSubstr("--turn-ttl: '30' is not a duration"));
  EXPECT_THAT(error_of({"--turn-ttl", "2d"}), HasSubstr("--turn-ttl: '2d' is out of range: it may be 100ms to 1d"));
  EXPECT_THAT(error_of({"--admission-rate", "fast"}), HasSubstr("--admission-rate: 'fast' is not a rate"));
  EXPECT_THAT(error_of({"--listen", "8080"}), HasSubstr("--listen: '8080' is not an address to listen on"));
  EXPECT_THAT(error_of({"--log-level", "loud"}), HasSubstr("'loud' is not one of debug, info, warn, error, off"));
  EXPECT_THAT(error_of({"--store", "redis://localhost:0"}), HasSubstr("--store: "));
  EXPECT_THAT(error_of({"--position", "keys"}), HasSubstr("--position: 'keys' is a way of the Redis store"));
  EXPECT_THAT(error_of({"--store", "memory"}), HasSubstr("'memory' is neither 'embedded' nor a URL"));
  EXPECT_THAT(error_of({"--sets", "5"}), HasSubstr("--sets"));
  EXPECT_THAT(error_of({"--sets", "5"}), HasSubstr("tacos-gateway --help"));
  EXPECT_THAT(error_of({"5"}), HasSubstr("tacos-gateway --help"));
  EXPECT_THAT(error_of({"--seats"}), HasSubstr("--seats"));
  EXPECT_THAT(error_of({"--seats", "1", "--seats", "2"}), HasSubstr("--seats is given twice"));
  EXPECT_THAT(error_of({"--config", "/nowhere"}), HasSubstr("--config: cannot read '/nowhere'"));
  EXPECT_THAT(error_of({}, {{"TACOS_GATEWAY_SEATS", "none"}}), HasSubstr("TACOS_GATEWAY_SEATS: 'none'"));
  const ConfigFile bad_value("seats = none\n");
  EXPECT_THAT(error_of({"--config", bad_value.path()}),
              HasSubstr(std::string("seats in ") + bad_value.path() + ": 'none'"));
  const ConfigFile bad_name("sets = 5\n");
  EXPECT_THAT(error_of({"--config", bad_name.path()}), HasSubstr("sets"));
}

TEST(GatewayOptions, TakesAPriceItsCurrencyAndTheLimitsOfAGrant) {
  const auto usual = parse({});
  EXPECT_EQ(usual->options.price, 100u);
  EXPECT_EQ(usual->options.currency, "USD");
  EXPECT_EQ(usual->options.max_intents_per_reservation, 20u);
  EXPECT_EQ(usual->options.max_keys_per_grant, 64u);
  EXPECT_EQ(usual->options.max_keys, 1'000'000u);
  const auto parsed = parse({"--price", "0", "--currency", "CHF", "--max-intents-per-reservation", "1",
                             "--max-keys-per-grant", "8", "--max-keys", "5M"});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->options.price, 0u) << "free";
  EXPECT_EQ(parsed->options.currency, "CHF");
  EXPECT_EQ(parsed->options.max_keys, 5'000'000u);
  EXPECT_EQ(parse({"--price", "100000000000"})->options.price, 100'000'000'000u);
  EXPECT_EQ(error_of({"--price", "100000000001"}),
            "--price: '100000000001' is not a whole number from 0 to 100000000000");
  EXPECT_THAT(error_of({"--price", "1.5"}), HasSubstr("--price: '1.5'"));
  EXPECT_THAT(error_of({"--price", "-1"}), HasSubstr("--price: '-1'"));
  for (const char* wrong : {"usd", "US", "USDT", "U$D", "ÄB"}) {
    EXPECT_EQ(error_of({"--currency", wrong}),
              std::string("--currency: '") + wrong + "' is no currency; write three capitals such as USD");
  }
  EXPECT_THAT(error_of({"--max-intents-per-reservation", "0"}), HasSubstr("from 1 to 10000"));
  EXPECT_THAT(error_of({"--max-keys-per-grant", "7"}), HasSubstr("from 8 to 10000"));
  EXPECT_THAT(gateway_help(), HasSubstr("--max-intents-per-reservation N payment intents")) << "a long one has a space";
}

TEST(GatewayOptions, LimitsConnectionsOfAnAddressToASixteenthUnlessTold) {
  EXPECT_EQ(parse({})->options.connections_per_address_used(), 1000u);
  EXPECT_EQ(parse({"--max-connections", "32000"})->options.connections_per_address_used(), 2000u);
  EXPECT_EQ(parse({"--max-connections", "100"})->options.connections_per_address_used(), 64u);
  EXPECT_EQ(parse({"--max-connections-per-address", "5"})->options.connections_per_address_used(), 5u);
  EXPECT_EQ(parse({"--max-connections-per-address", "0"})->options.connections_per_address_used(), 0u);
  EXPECT_THAT(error_of({"--max-connections-per-address", "1000001"}), HasSubstr("--max-connections-per-address: "));
}

TEST(GatewayOptions, TakesSocketsAndEveryInterface) {
  for (const char* listen : {"unix:/run/gateway.sock", ":8080", "[::]:8080", "localhost:8080"}) {
    EXPECT_EQ(parse({"--listen", listen})->options.listen, listen);
  }
  EXPECT_THAT(error_of({"--listen", "unix:gateway.sock"}), HasSubstr("a socket needs an absolute path"));
}

TEST(GatewayOptions, TakesOriginsAsBrowsersSendThem) {
  EXPECT_EQ(parse({"--cors-origin", "https://shop.example, http://localhost:3000"})->options.cors_origins,
            (std::vector<std::string>{"https://shop.example", "http://localhost:3000"}));
  const std::pair<const char*, const char*> cases[] = {
      {"https://shop.example/", "write https://shop.example"},
      {"https://SHOP.example", "write https://shop.example"},
      {"https://shop.example:443", "write https://shop.example"},
      {"http://shop.example:80", "write http://shop.example"},
      {"https://shop.example/path", "write https://shop.example"},
      {"*", "'*' is not an origin; write scheme://host[:port]"},
      {"null", "'null' is not an origin"},
      {"shop.example", "'shop.example' is not an origin"},
      {"https://a.example,", "'' is not an origin"},
      {"", "'' is not an origin"},
  };
  for (const auto& [value, message] : cases) {
    EXPECT_THAT(error_of({"--cors-origin", value}), HasSubstr(message)) << value;
    EXPECT_THAT(error_of({"--cors-origin", value}), HasSubstr("--cors-origin: ")) << value;
  }
}

TEST(GatewayOptions, SaysWhatDoesNotGoTogether) {
  EXPECT_THAT(error_of({"--max-body", "1000000", "--max-buffered-bytes", "1000000"}),
              HasSubstr("--max-buffered-bytes (1000000) must be twice --max-headers (16384) and --max-body (1000000)"));
  EXPECT_THAT(error_of({"--tls-cert", "c.pem"}), HasSubstr("--tls-cert is given without --tls-key"));
  EXPECT_THAT(error_of({"--tls-client-ca", "c.pem"}), HasSubstr("--tls-client-ca needs --tls-cert"));
  EXPECT_THAT(error_of({"--admin-token", "a", "--admin-token-file", "b"}), HasSubstr("exclude each other"));
  EXPECT_THAT(error_of({"--max-target", "16000", "--max-headers", "2000"}),
              HasSubstr("must be less than --max-headers"));
}

TEST(GatewayOptions, TheOperatorsPortIsAnother) {
  EXPECT_EQ(parse({})->options.admin_listen, "");
  EXPECT_EQ(parse({"--admin-listen", "127.0.0.1:9090"})->options.admin_listen, "127.0.0.1:9090");
  EXPECT_THAT(error_of({"--admin-listen", "9090"}), HasSubstr("--admin-listen: '9090' is not an address to listen on"));
  EXPECT_EQ(error_of({"--listen", ":9090", "--admin-listen", ":9090"}),
            "--admin-listen: ':9090' is --listen too; choose another port");
  EXPECT_TRUE(parse({"--listen", ":0", "--admin-listen", ":0"}).has_value()) << "the system chooses two";
}

TEST(GatewayOptions, AHashWithinAValueStays) {
  const ConfigFile file("store = redis://:p#ss@db # the line's\n");
  const auto parsed = parse({"--config", file.path()});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->options.store, "redis://:p#ss@db");
}

TEST(GatewayOptions, WarnsOfAVariableThatNamesNoOption) {
  const auto parsed = parse({}, {{"TACOS_GATEWAY_SETS", "5"}, {"TACOS_GATEWAY_PORT", "tcp://10.0.0.1:80"}});
  ASSERT_TRUE(parsed.has_value());
  ASSERT_EQ(parsed->warnings.size(), 1u);
  EXPECT_EQ(parsed->warnings[0], "the variable TACOS_GATEWAY_SETS names no option and is passed over");
}

TEST(GatewayOptions, TakesTheSitesWordForWhoJoinsWithAKeyFileOnly) {
  EXPECT_EQ(parse({})->options.identity, "open");
  EXPECT_TRUE(parse({})->options.anonymous);
  EXPECT_TRUE(parse({"--identity", "assertion", "--assertion-key-file", "keys"})->options.asserted());
  EXPECT_FALSE(parse({"--anonymous", "no"})->options.anonymous);
  EXPECT_EQ(error_of({"--identity", "assertion"}),
            "--identity assertion needs --assertion-key-file with the keys that the site signs with");
  EXPECT_EQ(error_of({"--assertion-key-file", "keys"}),
            "--assertion-key-file is given, but --identity is open and would not read it; add --identity assertion");
  EXPECT_EQ(error_of({"--identity", "Assertion"}), "--identity: 'Assertion' is not one of open, assertion");
  EXPECT_EQ(error_of({"--anonymous", "maybe"}), "--anonymous: 'maybe' is neither yes nor no");
}

TEST(GatewayOptions, LimitsJoinsByAddressAndByEvent) {
  const GatewayOptions usual = parse({})->options;
  EXPECT_EQ(usual.join_rate_per_address.per_second(), 50);
  EXPECT_EQ(usual.join_burst_per_address, 500u);
  EXPECT_FALSE(usual.join_limit_given);
  EXPECT_EQ(usual.join_rate_per_event.per_second(), 0);
  EXPECT_EQ(usual.max_tickets, 5'000'000u);
  const auto parsed = parse({"--join-rate-per-address", "0.5", "--join-burst-per-address", "3", "--join-rate-per-event",
                             "2k", "--join-burst-per-event", "4k", "--max-tickets", "100"});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->options.join_rate_per_address.per_second(), 0.5);
  EXPECT_EQ(parsed->options.join_burst_per_address, 3u);
  EXPECT_TRUE(parsed->options.join_limit_given);
  EXPECT_EQ(parsed->options.join_rate_per_event.per_second(), 2000);
  EXPECT_EQ(parsed->options.join_burst_per_event, 4000u);
  EXPECT_EQ(parsed->options.max_tickets, 100u);
  EXPECT_TRUE(parse({"--join-burst-per-address", "9"})->options.join_limit_given);
  EXPECT_TRUE(parse({"--join-rate-per-address", "0"}).has_value());
  EXPECT_EQ(error_of({"--join-rate-per-address", "0.00001"}),
            "--join-rate-per-address: '0.00001' is less than once a day; it may be 0 (no limit) or 0.00001157 to 1e9 "
            "per second");
  EXPECT_THAT(error_of({"--join-rate-per-address", "-1"}), HasSubstr("--join-rate-per-address: '-1' is not a rate"));
  EXPECT_THAT(error_of({"--join-burst-per-address", "0"}), HasSubstr("'0' is not a whole number from 1 to 1000000000"));
  EXPECT_THAT(error_of({"--max-tickets", "50000001"}), HasSubstr("from 1 to 50000000"));
}

TEST(GatewayOptions, NamesTheProxiesThatItTrusts) {
  EXPECT_EQ(parse({"--trusted-proxies", "10.0.0.0/8,::1,unix"})->options.trusted_proxies, "10.0.0.0/8,::1,unix");
  EXPECT_EQ(error_of({"--trusted-proxies", "10.0.0.1/8"}),
            "--trusted-proxies: '10.0.0.1/8' has bits set behind its prefix; write the network's first address");
  EXPECT_THAT(error_of({"--trusted-proxies", "all"}), HasSubstr("'all' is not an address or a network"));
}

TEST(GatewayOptions, HelpNamesEveryOptionWithItsDefault) {
  const std::string help = gateway_help();
  for (const char* line : {"--admission-rate RATE", "[1000]", "--turn-ttl TIME", "[30s]", "--listen HOST:PORT",
                           "[127.0.0.1:8080]", "Examples:", "Exit codes:", "TACOS_GATEWAY_ADMISSION_RATE"}) {
    EXPECT_THAT(help, HasSubstr(line));
  }
  EXPECT_EQ(parse({"--help"})->action, GatewayCommand::Action::kHelp);
  EXPECT_EQ(parse({"-h"})->action, GatewayCommand::Action::kHelp);
  EXPECT_EQ(parse({"--version"})->action, GatewayCommand::Action::kVersion);
}

}  // namespace
}  // namespace tacos::gateway
