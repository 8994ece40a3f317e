# Write the tests that Perl's reader finds in its input, one per line: name,
# outcome, reason. Other lines are written as "text".
use strict;
use warnings;
use Subunit qw(parse_results);

package Dump;
sub new { return bless {}, shift }
sub control_msg { }
sub report_time { }
sub start_test { }

sub output_msg {
    my ($self, $text) = @_;
    chomp $text;
    print "text\t$text\n";
}

sub end_test {
    my ($self, $name, $outcome, $unexpected, $reason) = @_;
    $reason //= "";
    $reason =~ s/\n/\\n/g;
    print "test\t$name\t$outcome\t$reason\n";
}

package main;
my $failed = parse_results(Dump->new(), {}, *STDIN);
print "failed\t$failed\n";
